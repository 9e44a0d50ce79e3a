import type { OrderDetails } from '../database/queries/order-details.ts';
import { formatMoney } from '../shared/money.ts';
import { type OrderView, orderView, type ReceiptRow } from './order-view.ts';
import { refundOf, refundSums } from './refund-history.ts';
import { longShown, type ShownTime } from './times.ts';
import { paymentMethodWords, receiptWords, words } from './words.ts';

/** The model of a receipt. The seller is the shop, which every page knows. */
export interface ReceiptView extends Pick<OrderView, 'lines' | 'amounts'> {
  readonly title: string;
  /** The order's page. */
  readonly orderAddress: string;
  readonly rows: readonly ReceiptRow[];
  /** The buyer's e-mail address; null without one, as after an erasure. */
  readonly buyer: string | null;
  /** The lines of the address to which the order goes; empty where there is none. */
  readonly address: readonly string[];
  /** Null while nothing was paid back and nothing will be. */
  readonly refunds: RefundsView | null;
}

interface RefundsView {
  readonly made: readonly { readonly amount: string; readonly time: ShownTime }[];
  /** The amount that is promised and not paid back yet; null when there is none. */
  readonly due: string | null;
  readonly net: string;
}

/**
 * The receipt of an order with the refunds that were made until now; null for an order that was not paid.
 * @param provider whose payment page it was paid on
 */
export function receiptView(
  details: OrderDetails,
  provider: keyof typeof paymentMethodWords,
  now: Date,
): ReceiptView | null {
  const { order, transactionId } = details;
  if (order.paidAt === null) return null;
  const { lines, amounts, delivery } = orderView(details, now);
  const { order: label, ordered, paid, method, reference } = words.receipt;
  return {
    title: receiptWords(order.orderId),
    orderAddress: `/orders/${order.token}`,
    rows: [
      { label, word: String(order.orderId), time: null },
      { label: ordered, word: '', time: longShown(order.createdAt) },
      { label: paid, word: '', time: longShown(order.paidAt) },
      { label: method, word: paymentMethodWords[provider], time: null },
      ...(transactionId === null ? [] : [{ label: reference, word: transactionId, time: null }]),
    ],
    buyer: order.email,
    address: delivery?.address ?? [],
    lines,
    amounts,
    refunds: refundsView(details),
  };
}

function refundsView({ order: { totalCents, currency }, history }: OrderDetails): RefundsView | null {
  const { madeCents, dueCents } = refundSums(history);
  if (madeCents + dueCents === 0) return null;
  const made = history.flatMap((entry) => {
    const refund = refundOf(entry);
    return refund?.made
      ? [{ amount: formatMoney({ cents: -refund.cents, currency }), time: longShown(entry.at) }]
      : [];
  });
  return {
    made,
    due: dueCents > 0 ? formatMoney({ cents: dueCents, currency }) : null,
    net: formatMoney({ cents: totalCents - madeCents, currency }),
  };
}
