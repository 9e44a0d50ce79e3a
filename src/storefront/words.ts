import type { AttentionKind, EmailKind } from '../database/tables.ts';
import type { RestartableKind } from '../database/transactions/restarts.ts';
import type { CancelReason, OrderStatus } from '../domain/order.ts';

// The one language file: to translate the shop, translate this. Shoppers come first, then messages, then operators.

/** Every text of the storefront. Templates read it as `words`; a sentence with `{time}` gets a `<time>` there. */
export const words = {
  /** The language of all of this, as HTML names it. */
  language: 'en',
  shop: {
    name: 'Holdfast',
    skip: 'Skip to the content',
    home: 'Holdfast, the shop',
    motto: 'A small shop on a durable checkout. It loses neither an order nor a cent.',
    documentation: 'How programs talk to this shop',
    navigation: 'The shop',
    products: 'Products',
    yourOrders: 'Your orders',
    cart: 'Cart',
  },
  connection: {
    away: 'The shop is restarting. Nothing is lost; reconnecting.',
    offline: 'This device is offline. Nothing is lost; reconnecting.',
  },
  products: {
    title: 'Things that hold',
    lead: 'Cast, forged and turned for boats. What you buy is held for you while you pay.',
    heading: 'Products',
    buy: 'Buy',
    soldOut: 'Sold out',
    placing: 'Placing your order…',
    none: 'There is nothing on the shelf yet.',
    noneHint: 'Products appear here as soon as the catalogue has some.',
    unreachable: 'The shop does not answer. Nothing was charged. Press Buy again: it stays one order.',
    soldOutNow: 'Sold out. Nothing was charged.',
    fewNow: 'Only {available} left. Nothing was charged.',
    busy: 'The shop is busy. Trying again by itself.',
  },
  recent: {
    heading: 'Recent orders',
    lead: 'The ten newest orders of this shop, without a name on them.',
    none: 'No order yet. The first one will show here.',
    onward: 'Choose something',
  },
  demonstration: {
    heading: 'For the demonstration',
    restock: 'Restock',
    restockSays: 'Raises every product to its full stock again. Lowers none.',
    restocked: 'Restocked.',
    crash: 'Crash',
    crashSays: 'Ends the process that answers, as a power cut would. Your orders go on.',
    crashed: 'The process has ended. The next one takes over.',
    failed: 'That did not work. Try again.',
    recent: 'Recent orders',
    operator: 'Operator',
    outbox: 'Outbox',
    control: 'Payments',
  },
  order: {
    onward: 'Back to the shop',
    held: 'Held for you until {time}.',
    heldAfter: 'After that it goes back on the shelf. A payment you have made shows here in a moment.',
    holdOver: 'The hold ended at {time}. We are asking whether a payment arrived.',
    preparing: 'The payment page is being prepared. This page moves on by itself.',
    cancel: 'Cancel the order',
    cancelTooLate: 'You asked to cancel, and your payment was faster. Ask the shop to pay it back.',
    paymentSeen: 'Your payment has arrived and is being booked.',
    bought: 'What you ordered',
    wanted: 'What you wanted',
    total: 'Total',
    timeline: 'What happens',
    timelineAfter: 'What happened',
    keep: 'Keep the address of this page: it shows your order on any device.',
  },
  steps: {
    placed: 'Order placed',
    payment: 'Payment',
    paymentDone: 'Paid',
    dispatch: 'Dispatch',
    dispatched: 'Dispatched',
    cancelled: 'Cancelled',
    refund: 'Refund under way',
    refunded: 'Refunded',
  },
  error: {
    onward: 'To the shop',
  },
} as const;

/** A status in one word or two, and the sign that goes with it. */
export const statusWords: Readonly<Record<OrderStatus, { readonly word: string; readonly sign: string }>> = {
  pending: { word: 'Waiting for payment', sign: 'open' },
  paid: { word: 'Paid', sign: 'half' },
  dispatched: { word: 'Dispatched', sign: 'done' },
  cancelled: { word: 'Cancelled', sign: 'ended' },
  refunded: { word: 'Refunded', sign: 'back' },
};

/** Why an order was cancelled, as its buyer reads it. `{time}` is when it happened. */
export const cancelWords: Readonly<Record<CancelReason, string>> = {
  out_of_stock: 'There was not enough in stock. Nothing was reserved and nothing was charged.',
  price_changed: 'The price changed before the order was placed. Nothing was charged.',
  payment_unavailable: 'The payment service could not be reached. Nothing was charged.',
  payment_ended: 'The payment did not come about. Nothing was charged.',
  cancelled_by_shopper: 'You cancelled it. Nothing was charged.',
  hold_expired: 'The hold ended at {time} before a payment arrived. Nothing was charged.',
};

/** What goes back to the buyer, or went. */
export const refundNotes = {
  late: (amount: string) =>
    `Your payment came after the order was cancelled, so ${amount} is on its way back to you.`,
  due: (amount: string) => `${amount} is on its way back to you.`,
  made: (amount: string) => `${amount} was paid back to you.`,
  part: (amount: string) => `${amount} of it was paid back to you, or is on its way.`,
} as const;

/** The cart's link, as it is read aloud. */
export function cartWords(units: number): string {
  if (units === 0) return 'Cart, empty';
  return units === 1 ? 'Cart, 1 unit' : `Cart, ${units} units`;
}

/** How much is left: a number rather than an adjective. */
export function stockWords(available: number): string {
  if (available <= 0) return words.products.soldOut;
  return available <= 5 ? `${available} left` : `${available} in stock`;
}

/** Which product there was too little of. */
export function shortageWords(product: string, wanted: number, available: number): string {
  if (available === 0) return `${product}: sold out.`;
  return `${product}: ${wanted} wanted, ${available} left.`;
}

/** How far a dispatch is. */
export function progressWords(done: number, whole: number): string {
  return `${done} of ${whole}`;
}

/** How long a dispatch still takes, in the largest unit that keeps it a small number. */
export function readyWords(seconds: number): string {
  if (seconds <= 0) return 'Ready any moment now.';
  const [count, unit] =
    seconds <= 90
      ? [seconds, 'second']
      : seconds <= 5400
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3600), 'hour'];
  return `Ready in about ${count} ${unit}${count === 1 ? '' : 's'}.`;
}

/** What one presses to pay. */
export function payWords(total: string): string {
  return `Pay ${total}`;
}

/** An order by its number. */
export function orderWords(orderId: number): string {
  return `Order ${orderId}`;
}

/** What refuses a Buy, and what to do about it. */
export const refusalWords = {
  out_of_stock: 'Nothing was reserved, and nothing was charged.',
  price_changed: 'The price has changed since you saw it. Look again, then buy.',
  payment_unavailable:
    'The payment service could not be reached. Nothing was charged; buy again in a moment.',
  key_reused: 'That order was placed differently before. This page is fresh: buy again.',
  unknown_product: 'This product is no longer sold.',
  invalid_input: 'The order could not be read. This page is fresh: buy again.',
  timeout: 'Your order is still being placed. Press Buy again: it stays one order.',
} as const;

/** What an error page says instead of the general title, where people need other words than programs. */
export const errorWords: Readonly<Record<string, { readonly title: string; readonly message: string }>> = {
  not_found: {
    title: 'There is nothing here.',
    message: 'The address may be mistyped or the page gone. The shop is open.',
  },
  unavailable: {
    title: 'The shop is restarting.',
    message: 'Your order is safe. Try again in a moment.',
  },
  timeout: {
    title: 'This takes longer than it should.',
    message: 'Your order is safe. Try again in a moment; it stays one order.',
  },
  internal: {
    title: 'Something went wrong on our side.',
    message: 'It is in our log. Your order is safe, and trying again cannot make a second one.',
  },
  rate_limited: {
    title: 'Too many requests.',
    message: 'Wait a minute, then try again. Nothing is lost.',
  },
};

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

/** Every text of the operator's page, beside `words`. Templates read it as `operatorWords`. */
export const operatorWords = {
  title: 'Operator',
  lead: 'What needs a person, what stock and money add up to, and refunds.',
  matters: {
    heading: 'What needs a person',
    none: 'Nothing needs you.',
    noneHint: 'What the shop cannot settle by itself comes here, and stays until somebody has settled it.',
    since: 'Since {time}',
    retry: 'Try again',
    resolution: 'How it was settled',
    resolve: 'Resolve',
  },
  sums: {
    none: 'Nothing was added up yet. That happens every hour, and when you reconcile.',
    at: 'Added up at {time}.',
  },
  money: {
    heading: 'Money',
    says: 'Kept is what was charged, less what was refunded and what is still to be.',
    none: 'No payment yet.',
    currency: 'Currency',
    charged: 'Charged',
    refunded: 'Refunded',
    due: 'Refund due',
    kept: 'Kept',
  },
  stock: {
    heading: 'Stock',
    says: 'Everything that was ever supplied is available, held or sold.',
    product: 'Product',
    available: 'Available',
    held: 'Held',
    sold: 'Sold',
    supplied: 'Supplied',
    balance: 'Balance',
    balanced: 'Balanced',
    unbalanced: 'Does not add up',
  },
  reconciliation: {
    heading: 'Reconciliation',
    says: 'The shop looks after itself: it takes up what was lost, and takes in what it was not told.',
    scope: 'Compared with',
    last: 'Last run',
    runs: 'Runs',
    lastRepaired: 'Put right then',
    inAll: 'Put right in all',
    never: 'Not yet',
    now: 'Reconcile now',
    nowSays: 'Compares both at once, and adds up stock and money again.',
  },
  refund: {
    heading: 'Refund an order',
    order: 'Order number',
    amount: 'Amount',
    amountSays: 'As in 12.50. Leave it empty to pay back all that is left.',
    reason: 'Reason',
    reasonSays: 'The buyer may read it.',
    restock: 'The units',
    button: 'Refund',
    buttonSays: 'The money goes back through the payment service. This cannot be undone.',
  },
} as const;

/** What kind of matter it is. */
export const matterWords: Readonly<Record<AttentionKind, string>> = {
  event_mismatch: 'A payment message that does not fit',
  dispute: 'A disputed payment',
  payment_unknown: 'A payment without an answer',
  checkout_failed: 'A checkout that stopped',
  dispatch_failed: 'A dispatch that stopped',
  refund_failed: 'A refund that was not made',
  email_failed: 'A message that was not sent',
  accounts_wrong: 'Sums that do not add up',
};

/** What trying again does. */
export const retryWords: Readonly<Record<RestartableKind, string>> = {
  checkout_failed: 'Asks how the payment stands, and ends the checkout accordingly.',
  dispatch_failed: 'Begins the dispatch once more.',
  refund_failed: 'Asks the payment service for the refund once more.',
  email_failed: 'Sends the message once more.',
};

/** What it means that somebody settled it by hand. */
export function resolveWords(kind: AttentionKind): string {
  if (kind === 'refund_failed') return 'Counts the refund as made. No more money goes back.';
  if (kind === 'email_failed') return 'The message is not sent any more.';
  return 'Takes it off this list, and changes nothing else.';
}

/** The reason of sums that do not add up; which they are shows in the tables. */
export const sumsDiffer =
  'The last sums of stock or money contradict each other. The tables below show which.';

/** That the list goes on. */
export function oldestWords(shown: number): string {
  return `These are the ${shown} oldest. There may be more.`;
}

/** What was done, or why not. The address of the page names one of them. */
export const saidWords = {
  retried: { sign: 'done', text: 'It is being tried again. If it fails again, it comes back here.' },
  resolved: { sign: 'done', text: 'Settled, and off the list.' },
  gone: { sign: 'ended', text: 'That matter is not open any more: it was tried again or settled.' },
  reconciled: { sign: 'done', text: 'Reconciled. Stock and money were added up again.' },
  not_compared: {
    sign: 'ended',
    text: 'Our own records are reconciled. The payment service could not be compared with; the log says why.',
  },
} as const;

/** Why a matter was not resolved. */
export const resolutionFault = 'Say in 1 to 200 characters how it was settled.';

/** How many orders contradict their payments. */
export function contradictionWords(count: number): string {
  if (count === 0) return 'No order contradicts its payment.';
  return count === 1 ? '1 order contradicts its payment.' : `${count} orders contradict their payments.`;
}

/** What reconciliation compares our orders with. */
export const scopeWords = { shop: 'Our own records', provider: 'The payment service' } as const;

/** What reconciliation puts right, one and many of it. */
export const repairWords: Readonly<Record<string, readonly [one: string, many: string]>> = {
  restarted: ['piece of work begun again', 'pieces of work begun again'],
  resumed: ['piece of work taken up', 'pieces of work taken up'],
  events_placed: ['late message placed', 'late messages placed'],
  missed_events: ['missed message taken in', 'missed messages taken in'],
  missed_payments: ['missed payment taken in', 'missed payments taken in'],
  sessions_ended: ['payment page ended', 'payment pages ended'],
};

/** That there was nothing to put right. */
export const nothingRepaired = 'Nothing';

/** Whether the units of a refunded order go back into stock. */
export const restockWords = {
  usual: 'Back into stock if the order is not dispatched and all of it is paid back',
  yes: 'Back into stock',
  no: 'Not into stock',
} as const;

/** A refund, as it stands, after the name of its order. */
export function refundStateWords(refundId: number, amount: string, made: boolean): string {
  return made
    ? `: refund no. ${refundId}, ${amount}, was made.`
    : `: refund no. ${refundId}, ${amount}, is promised. The payment service is asked for it now.`;
}

/** What is wrong with a refund as it was asked for. `{example}` and `{left}` are amounts. */
export const refundFaults = {
  order_unreadable: { field: 'order', text: 'An order number is a whole number, such as 7.' },
  unknown_order: { field: 'order', text: 'There is no such order, or it was never to be paid.' },
  not_refundable: { field: 'order', text: 'It is not paid, or all of it was promised back already.' },
  amount_unreadable: { field: 'amount', text: 'Write an amount above zero, such as {example}.' },
  refund_too_large: { field: 'amount', text: 'At most {left} of this order can still be paid back.' },
  reason_unreadable: { field: 'reason', text: 'Say why in 1 to 200 characters.' },
  restock_needs_full_refund: {
    field: 'restock',
    text: 'This order will still be dispatched, so its units go back only with all of the money.',
  },
  key_reused: {
    field: 'order',
    text: 'This form was sent already, with other values. It is fresh now: look again, then refund.',
  },
} as const;
