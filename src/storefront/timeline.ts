import type { HistoryEntry, OrderWithPayment } from '../database/queries/orders.ts';
import { type ShownTime, shownTime } from './times.ts';
import { words } from './words.ts';

/** One knot of an order's rope. */
export interface Step {
  readonly name: string;
  readonly state: 'done' | 'now' | 'ahead' | 'ended';
  readonly word: string;
  readonly time: ShownTime | null;
}

const { steps } = words;

/** The steps of an order from placed to its end. One that ended early has no steps ahead. */
export function timeline(order: OrderWithPayment, history: readonly HistoryEntry[], now: Date): Step[] {
  const at = (time: Date | null) => time && shownTime(time, now);
  const done = (name: string, word: string, time: Date | null): Step => ({
    name,
    state: 'done',
    word,
    time: at(time),
  });

  const placed = done('placed', steps.placed, order.created_at);
  const paid = done('payment', steps.paymentDone, order.paid_at);
  switch (order.status) {
    case 'pending':
      return [
        placed,
        untimed('payment', 'now'),
        untimed('dispatch', 'ahead'),
        untimed('dispatched', 'ahead'),
      ];
    case 'paid':
      if (order.payment_state === 'refund_due') return [placed, paid, untimed('refund', 'now')];
      return [placed, paid, untimed('dispatch', 'now'), untimed('dispatched', 'ahead')];
    case 'dispatched':
      return [
        placed,
        paid,
        done('dispatch', steps.dispatch, null),
        done('dispatched', steps.dispatched, order.dispatched_at),
      ];
    case 'cancelled': {
      const ended: Step = {
        name: 'cancelled',
        state: 'ended',
        word: steps.cancelled,
        time: at(order.cancelled_at),
      };
      // An order that was refused at once never held anything, so it was not placed.
      if (!history.some(({ what }) => what === 'placed')) return [ended];
      return order.payment_state === 'refund_due'
        ? [placed, ended, paid, untimed('refund', 'now')]
        : [placed, ended];
    }
    case 'refunded':
      return [placed, paid, done('refunded', steps.refunded, order.refunded_at)];
  }
}

function untimed(name: 'payment' | 'dispatch' | 'dispatched' | 'refund', state: 'now' | 'ahead'): Step {
  return { name, state, word: steps[name], time: null };
}
