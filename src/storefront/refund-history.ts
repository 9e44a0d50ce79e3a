import { z } from 'zod';
import type { HistoryEntry } from '../database/queries/orders.ts';

const refundDetail = z.object({ refund_id: z.int(), amount_cents: z.int() });

/** The refund that an entry of the history is about, in minor units; null for any other entry, and where no money goes back. */
export function refundOf({
  what,
  detail,
}: HistoryEntry): { readonly id: number; readonly made: boolean; readonly cents: number } | null {
  if (what !== 'refund_due' && what !== 'refund_made') return null;
  const { data } = refundDetail.safeParse(detail);
  return data && data.amount_cents > 0
    ? { id: data.refund_id, made: what === 'refund_made', cents: data.amount_cents }
    : null;
}

/** The sums of an order's made and due refunds, in minor units. */
export function refundSums(history: readonly HistoryEntry[]): {
  readonly madeCents: number;
  readonly dueCents: number;
} {
  const refunds = history.map(refundOf).filter((refund) => refund !== null);
  const made = refunds.filter((refund) => refund.made);
  const ids = new Set(made.map(({ id }) => id));
  const due = refunds.filter((refund) => !refund.made && !ids.has(refund.id));
  return { madeCents: sum(made), dueCents: sum(due) };
}

function sum(refunds: readonly { readonly cents: number }[]): number {
  return refunds.reduce((total, { cents }) => total + cents, 0);
}
