import type { Database } from '../connection.ts';
import type { EmailKind } from '../tables.ts';

/** A message that a demonstration kept instead of sending it. */
export interface KeptEmail {
  /** A bigint, which comes as a string. */
  email_id: string;
  order_id: number;
  kind: EmailKind;
  refund_id: number | null;
  /** The buyer's address. */
  to: string;
  /** Of the order's page. */
  token: string;
  subject: string;
  text_body: string;
  html_body: string;
  sent_at: Date;
}

/** Most messages that the outbox shows. */
const outboxSize = 100;

/** The newest kept messages, newest first. */
export function listKeptEmails(database: Database): Promise<KeptEmail[]> {
  return keptEmails(database).orderBy('email_id', 'desc').limit(outboxSize);
}

/** One kept message by its number. */
export function findKeptEmail(database: Database, emailId: number): Promise<KeptEmail | undefined> {
  return keptEmails(database).where({ email_id: emailId }).first();
}

function keptEmails(database: Database) {
  return database('emails')
    .join('orders', 'orders.order_id', 'emails.order_id')
    .whereNotNull('subject')
    .select<KeptEmail[]>(
      'email_id',
      'emails.order_id',
      'kind',
      'refund_id',
      'orders.email as to',
      'token',
      'subject',
      'text_body',
      'html_body',
      'sent_at',
    );
}
