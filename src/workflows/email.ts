import { DBOS } from '@dbos-inc/dbos-sdk';
import type { EmailContent, EmailDelivery, PlannedEmail } from '../database/queries/emails.ts';
import type { AttentionSubject } from '../database/transactions/attention.ts';
import { markEmailSent, readPlannedEmail } from '../database/transactions/emails.ts';
import type { WorkflowName } from '../database/workflow-ids.ts';
import type { AttentionReason } from '../domain/attention.ts';
import { type Mailer, messageIdOf } from '../email/mailer.ts';
import { needsAttention, orSendToAttention, sendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

/** The settings of emails. */
export interface EmailSettings {
  readonly delivery: EmailDelivery;
  /** For the delivery `smtp` alone. */
  readonly mailer: Mailer | undefined;
  /** Writes the message; null when its occasion is no longer true. */
  readonly compose: (email: PlannedEmail) => Promise<EmailContent | null>;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** How often the sending is tried again, and the seconds before that, which double. */
  readonly retries: number;
  readonly retrySeconds: number;
}

type EmailResult = 'sent' | 'kept' | 'not_wanted' | typeof needsAttention;

/**
 * Registers the email workflow. The transaction that settles, cancels or refunds enqueues it, so there is a message exactly when
 * that happened. A message may arrive twice, under one Message-ID. A message that no mail server accepts goes to the attention
 * list.
 */
export function registerEmail(settings: EmailSettings): void {
  DBOS.registerWorkflow(
    async (emailId: number): Promise<EmailResult> => {
      // 1. Read the order that it is about.
      const email = await readPlannedEmail(emailId, settings.delivery);
      if (!email) return 'sent';
      const item = { kind: 'email_failed', subject: String(emailId), orderId: email.orderId } as const;
      return orSendToAttention(item, () => deliver(settings, email, item));
    },
    { name: 'email' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

async function deliver(
  settings: EmailSettings,
  email: PlannedEmail,
  item: AttentionSubject,
): Promise<EmailResult> {
  const { emailId, delivery } = email;
  const content = delivery === 'off' ? null : await settings.compose(email);

  // 2. Send it.
  if (content && delivery === 'smtp') {
    const answer = await send(settings, email, content);
    if (answer !== 'sent') {
      await sendToAttention({ ...item, reason: answer });
      return needsAttention;
    }
  }

  // 3. Record that it is done.
  const kept = delivery === 'preview' ? content : null;
  await markEmailSent({ emailId, kept });
  if (!content) return 'not_wanted';
  return kept ? 'kept' : 'sent';
}

/** Sends the message. The last failure is a value instead of an error, like a refusal of the mail server. */
function send(
  settings: EmailSettings,
  email: PlannedEmail,
  content: EmailContent,
): Promise<AttentionReason | 'sent'> {
  const message = { ...content, to: email.to, messageId: messageIdOf(email, settings.publicUrl) };
  const maxAttempts = 1 + settings.retries;
  return DBOS.runStep(
    async () => {
      try {
        if (!settings.mailer) throw new Error('There is no mail server any more.');
        const answer = await settings.mailer.send(message);
        return answer === 'sent' ? answer : { code: 'email_refused', message: answer.refused };
      } catch (error) {
        DBOS.logger.warn(`Order ${email.orderId}: its ${email.kind} email is not sent yet: ${String(error)}`);
        // An error would lose its class on replay, and would put nothing on the attention list.
        const isLast = (DBOS.stepStatus?.currentAttempt ?? maxAttempts) >= maxAttempts;
        if (isLast) return { code: 'email_not_sent', attempts: maxAttempts, error: String(error) };
        throw error;
      }
    },
    {
      name: 'sendEmail',
      retriesAllowed: true,
      maxAttempts,
      intervalSeconds: settings.retrySeconds,
      backoffRate: 2,
    },
  );
}
