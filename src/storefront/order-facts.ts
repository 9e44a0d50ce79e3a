import type { OrderStory } from '../database/queries/order-story.ts';
import { formatMoney } from '../shared/money.ts';
import { refundSums } from './refund-story.ts';
import { longTime, type ShownTime } from './times.ts';
import { paymentStates, refundSteps, words } from './words.ts';

/** One line of an order's receipt. */
export interface Fact {
  readonly label: string;
  readonly word: string;
  /** With the day, because it is read any day later. */
  readonly time: ShownTime | null;
}

/** When an order was placed, and how its money stands. */
export function factsOf(story: OrderStory): Fact[] {
  return [
    { label: words.order.ordered, word: '', time: shown(story.order.createdAt) },
    payment(story),
    ...refunds(story),
  ];
}

function payment({ order: { status, paymentState: state, paidAt } }: OrderStory): Fact {
  const label = words.order.payment;
  if (paidAt) return { label, word: paymentStates.paid, time: shown(paidAt) };
  if (status !== 'pending') return { label, word: paymentStates.none, time: null };
  const arrived = state === 'paid' || state === 'settled';
  return { label, word: arrived ? paymentStates.arrived : paymentStates.waiting, time: null };
}

function refunds({ order: { currency }, history }: OrderStory): Fact[] {
  const { madeCents, dueCents } = refundSums(history);
  const fact = (word: string): Fact => ({ label: words.order.refund, word, time: null });
  return [
    ...(madeCents > 0 ? [fact(refundSteps.made(formatMoney({ cents: madeCents, currency })))] : []),
    ...(dueCents > 0 ? [fact(refundSteps.due(formatMoney({ cents: dueCents, currency })))] : []),
  ];
}

function shown(at: Date): ShownTime {
  return { iso: at.toISOString(), text: longTime(at) };
}
