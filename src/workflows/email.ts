import { DBOS } from '@dbos-inc/dbos-sdk';
import type { EmailContent, EmailDelivery, PlannedEmail } from '../database/queries/emails.ts';
import { markEmailSent, readPlannedEmail } from '../database/transactions/emails.ts';
import { queues, type WorkflowName } from '../database/workflow-ids.ts';
import type { AttentionReason } from '../domain/attention.ts';
import { type Mailer, messageIdOf } from '../email/mailer.ts';
import { type AttentionSubject, needsAttention, orSendToAttention, sendToAttention } from './attention.ts';
import { maxRecoveryAttempts } from './engine.ts';

/** What an email is told from outside. */
export interface EmailSettings {
  readonly delivery: EmailDelivery;
  /** For the delivery `smtp` alone. */
  readonly mailer: Mailer | undefined;
  /** Writes the message; null when what it would tell is no longer true. */
  readonly compose: (email: PlannedEmail) => Promise<EmailContent | null>;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** How often the sending is tried again, and the seconds before that, which double. */
  readonly retries: number;
  readonly retrySeconds: number;
}

type EmailResult = 'sent' | 'kept' | 'not_wanted' | typeof needsAttention;

const emailsAtOnce = 10;
const millisecondsBetweenPolls = 500;

/**
 * Registers the email workflow. It is enqueued by the transaction that settles, cancels or refunds, so there is a message
 * exactly when that happened. A message may arrive twice, under one Message-ID; what no mail server takes stands on the list
 * of what needs a person.
 */
export function registerEmail(settings: EmailSettings): void {
  DBOS.registerWorkflow(
    async (emailId: number): Promise<EmailResult> => {
      // 1. Read what is to be told.
      const email = await readPlannedEmail(emailId, settings.delivery);
      if (!email) return 'sent';
      const matter = { kind: 'email_failed', subject: String(emailId), orderId: email.orderId } as const;
      return orSendToAttention(matter, () => deliver(settings, email, matter));
    },
    { name: 'email' satisfies WorkflowName, maxRecoveryAttempts },
  );
}

/** Opens the queue of emails; call it once DBOS is launched. */
export async function openEmailQueue(): Promise<void> {
  await DBOS.registerQueue(queues.email, {
    workerConcurrency: emailsAtOnce,
    minPollingIntervalMs: millisecondsBetweenPolls,
    onConflict: 'always_update',
  });
}

async function deliver(
  settings: EmailSettings,
  email: PlannedEmail,
  matter: AttentionSubject,
): Promise<EmailResult> {
  const { emailId, delivery } = email;
  const content = delivery === 'off' ? null : await settings.compose(email);

  // 2. Send it.
  if (content && delivery === 'smtp') {
    const answer = await send(settings, email, content);
    if (answer !== 'sent') {
      await sendToAttention({ ...matter, reason: answer });
      return needsAttention;
    }
  }

  // 3. Write down that it is done.
  const kept = delivery === 'preview' ? content : null;
  await markEmailSent({ emailId, kept });
  if (!content) return 'not_wanted';
  return kept ? 'kept' : 'sent';
}

/** Hands the message over; a value instead of an error when the mail server refuses it or has not taken it after all tries. */
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
        // Thrown, it would lose its class on replay and leave nothing on the list of what needs a person.
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
