import type { EmailKind } from '../database/tables.ts';
import type { CancelReason } from '../domain/order.ts';
import type { RefundReason } from '../domain/refund.ts';

// The texts of the messages to buyers, and of the page on which a demonstration shows them.

/** Every text of the messages to buyers, beside `words`. Templates read it as `emailWords`. */
export const emailWords = {
  bought: 'What you ordered',
  total: 'Total',
  deliveredTo: 'Where it goes',
  refunded: 'Paid back',
  reason: 'Reason',
  open: 'See your order',
  keep: 'This address shows your order on any device:',
  why: 'You get this message because your address was given with the order.',
  parcel: 'In this parcel',
  carrier: 'Carrier',
  trackingNumber: 'Number',
  follow: 'Follow it here:',
  whyFound: 'If it was not you who asked, there is nothing to do: the links went to this address alone.',
  lateButYours: 'It came after the hold had ended. Everything was still there, so the order stands.',
  nothingCharged: 'Nothing was charged.',
} as const;

/** The page of messages that a demonstration keeps; templates read it as `outboxWords`. */
export const outboxWords = {
  title: 'Outbox',
  lead: 'A demonstration sends no mail. What buyers would have received is kept here, newest first.',
  none: 'No message yet.',
  noneHint: 'Order with an address, and pay. The message shows here a second later.',
  to: 'To',
  sent: 'Time',
  id: 'Message-ID',
  order: 'About',
  text: 'As text',
  html: 'As HTML',
  alone: 'Open it alone',
} as const;

/** The subject line. It contains no text from outside. */
export function subjectWords(
  kind: EmailKind,
  {
    orderId,
    refunded,
    isCollected,
  }: { readonly orderId: number; readonly refunded: string; readonly isCollected: boolean },
): string {
  const subjects: Readonly<Record<EmailKind, string>> = {
    order_confirmed: `Order ${orderId} is confirmed`,
    order_cancelled: `Order ${orderId} was cancelled`,
    refund_made: `${refunded} paid back for order ${orderId}`,
    shipped: isCollected
      ? `Order ${orderId}: ready to collect`
      : `A parcel of order ${orderId} is on its way`,
    orders_found: 'Your orders',
  };
  return subjects[kind];
}

/** The heading above a message. */
export const titleWords: Readonly<Record<EmailKind, string>> = {
  order_confirmed: 'Your order is confirmed',
  order_cancelled: 'Your order was cancelled',
  refund_made: 'Your refund is made',
  shipped: 'Your parcel is on its way',
  orders_found: 'Your orders',
};

/** The beginning of the message that lists the orders of an address, and that there are more. */
export const foundWords = {
  lead: 'Somebody asked the shop for the orders of this address. These were paid under it, newest first. Each link shows its order to whoever has it.',
  more: (listed: number) => `Only the newest ${listed} are listed. There are older ones.`,
} as const;

/** The words of an order that its buyer collects, in place of those of one that is sent. */
export const collectedWords = {
  shipped: 'Ready to collect',
  parcel: 'What is ready',
  dispatching: 'Your order is being made ready for you to collect.',
  preparing: 'Your order is being prepared. Another message comes when it is ready to collect.',
  dispatched: 'Your order is ready to collect.',
  nothing: 'Nothing of your order is left to collect.',
  last: 'With it, everything of your order is ready.',
} as const;

/** That the money is here. */
export function paidWords(total: string): string {
  return `Your payment of ${total} has arrived.`;
}

/** The next step after a payment, by the state of the order when the message is written. */
export const nextWords = {
  dispatching: 'Your order is being dispatched now.',
  preparing: 'Your order is being prepared. Another message comes when it is on its way.',
  dispatched: 'Your order has been dispatched.',
  nothing: 'Nothing of your order will be sent.',
  refunding: 'Since then all of it was promised back. Another message comes when that is done.',
  refunded: 'Since then all of it has been paid back. Another message tells of that.',
} as const;

/** What a parcel leaves behind in the shop. */
export const parcelNotes = {
  last: 'With it, everything of your order has left the shop.',
  more: 'The rest of your order follows, with a message of its own.',
} as const;

/** The days between which a parcel arrives. */
export function parcelArrivalWords(from: string, to: string): string {
  return from === to ? `It is expected on ${to}.` : `It is expected between ${from} and ${to}.`;
}

/** Why an order was cancelled, to be followed by what that means for the money. */
export const endWords: Readonly<Record<CancelReason, string>> = {
  out_of_stock: 'There was not enough in stock, so nothing was reserved.',
  price_changed: 'The price changed before the order was placed.',
  hold_limit: 'It was more than one shopper can hold at once.',
  delivery_unavailable: 'It could not be delivered in that way.',
  code_unavailable: 'Its discount code could not be used any more.',
  payment_unavailable: 'The payment service could not be reached.',
  payment_ended: 'The payment did not come about.',
  cancelled_by_shopper: 'You cancelled it.',
  changed_order_paid: 'The order that it would have changed was paid already.',
  change_unavailable: 'The payment service could not be reached.',
  changed_by_shopper: 'You changed it, and another order took its place.',
  hold_expired: 'The hold ended at {time} before a payment arrived, and what we held is back on the shelf.',
};

/** A payment that came after its order was cancelled. */
export function lateWords(total: string, paidBack: boolean): string {
  return paidBack
    ? `A payment of ${total} arrived after that. All of it has been paid back.`
    : `A payment of ${total} arrived after that. All of it is going back to you; another message comes when that is done.`;
}

/** How much of a payment went back with one refund. */
export function refundWords(refunded: string, total: string): string {
  return refunded === total
    ? `We have paid back ${total}, all that you paid.`
    : `We have paid back ${refunded} of the ${total} that you paid.`;
}

/** The reason of a refund that no operator has given one for. */
export const refundReasonWords: Readonly<Record<Exclude<RefundReason, 'operator'>, string>> = {
  late_payment: 'paid after the order was cancelled',
  external_refund: 'refunded at the payment provider',
};
