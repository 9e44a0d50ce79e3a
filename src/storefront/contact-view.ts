import type { OrderDetails } from '../database/queries/order-details.ts';
import { readEmailAddress } from '../domain/email-address.ts';
import { maxEmailLength } from '../domain/limits.ts';
import { orderView } from './order-view.ts';
import { contactOutcomes, contactTitleWords, emailFaults, words } from './words.ts';

/** The results that the page can show. */
export type ContactOutcome = keyof typeof contactOutcomes;
export const contactOutcomeNames = Object.keys(contactOutcomes) as ContactOutcome[];

export interface ContactSource {
  readonly details: OrderDetails;
  /** False where no messages are sent. */
  readonly sendsEmail: boolean;
  readonly outcome: ContactOutcome | null;
  /** The fields as they were typed. */
  readonly typed: { readonly email: string; readonly reason: string };
  readonly fault: { readonly field: 'email' | 'reason'; readonly text: string } | null;
}

/** The model of the page of an order's messages and requests. */
export function contactView({ details, sendsEmail, outcome, typed, fault }: ContactSource, now: Date) {
  const { name, token, contact, status, handover } = orderView(details, now, sendsEmail);
  const notice = outcome && contactOutcomes[outcome];
  const title = contactTitleWords(name);
  const correctable = contact.correct !== null;
  const isReturn = status === 'dispatched';
  const { cancellation, returnHint } = words.contact;
  return {
    // Screen readers read the title first, so it starts with what has changed.
    title: fault || notice ? `${fault?.text ?? notice?.text} ${title}` : title,
    heading: title,
    token,
    email: contact.email,
    sendsEmail,
    canCorrect: correctable,
    canResend: correctable && status !== 'pending',
    ask: contact.ask && {
      title: isReturn ? words.contact.return : cancellation,
      hint: isReturn ? returnHint : handover.cancellationHint,
    },
    notice,
    typed,
    faultOf: { email: null, reason: null, ...(fault && { [fault.field]: fault.text }) },
  };
}

/** The fault of an e-mail address as typed, in the words that a form shows; null when it is right. */
export function emailFaultOf(typed: string): string | null {
  if (typed === '') return emailFaults.missing;
  if (readEmailAddress(typed) !== null) return null;
  return typed.length > maxEmailLength ? emailFaults.tooLong : emailFaults.unreadable;
}
