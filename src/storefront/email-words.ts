import type { EmailKind } from '../database/tables.ts';
import type { CancelReason } from '../domain/order.ts';

/** Every text of the messages to buyers, beside `words`. Templates read it as `emailWords`. */
export const emailWords = {
  bought: 'What you ordered',
  total: 'Total',
  refunded: 'Paid back',
  reason: 'Reason',
  open: 'See your order',
  keep: 'This address shows your order on any device:',
  why: 'You get this message because your address was given with the order.',
  lateButYours: 'It came after the hold had ended. Everything was still there, so the order stands.',
  refundSoon: 'Depending on your bank, it shows on your account within 5 to 10 days.',
  nothingCharged: 'Nothing was charged.',
} as const;

/** The page of messages that a demonstration keeps; templates read it as `outboxWords`. */
export const outboxWords = {
  title: 'Outbox',
  lead: 'A demonstration sends no mail. What buyers would have received is kept here, newest first.',
  none: 'No message yet.',
  noneHint: 'Order with an address, then pay or let the hold end. The message shows here a second later.',
  to: 'To',
  sent: 'Time',
  id: 'Message-ID',
  order: 'About',
  text: 'As text',
  html: 'As HTML',
  alone: 'Open it alone',
} as const;

/** What stands in the subject line; nothing in it comes from anybody but us. */
export function subjectWords(kind: EmailKind, orderId: number, refunded: string): string {
  const subjects: Readonly<Record<EmailKind, string>> = {
    order_confirmed: `Order ${orderId} is confirmed`,
    order_cancelled: `Order ${orderId} was cancelled`,
    refund_made: `${refunded} paid back for order ${orderId}`,
  };
  return subjects[kind];
}

/** The heading above a message. */
export const titleWords: Readonly<Record<EmailKind, string>> = {
  order_confirmed: 'Your order is confirmed',
  order_cancelled: 'Your order was cancelled',
  refund_made: 'Your money is on its way back',
};

/** That the money is here. */
export function paidWords(total: string): string {
  return `Your payment of ${total} has arrived.`;
}

/** What comes after a payment, as the order stands when the message is written. */
export const nextWords = {
  dispatching: 'Your order is being dispatched now.',
  dispatched: 'Your order has been dispatched.',
  refunding: 'Since then all of it was promised back. Another message comes when that is done.',
  refunded: 'Since then all of it has been paid back. Another message tells of that.',
} as const;

/** Why an order was cancelled, to be followed by what that means for the money. */
export const endWords: Readonly<Record<CancelReason, string>> = {
  out_of_stock: 'There was not enough in stock, so nothing was reserved.',
  price_changed: 'The price changed before the order was placed.',
  payment_unavailable: 'The payment service could not be reached.',
  payment_ended: 'The payment did not come about.',
  cancelled_by_shopper: 'You cancelled it.',
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
