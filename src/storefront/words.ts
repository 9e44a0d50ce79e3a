import type { CancelReason, OrderStatus } from '../domain/order.ts';

/** Every text of the storefront. Templates read it as `words`; a sentence with `{time}` gets a `<time>` there. */
export const words = {
  shop: {
    name: 'Holdfast',
    skip: 'Skip to the content',
    home: 'Holdfast, the shop',
    motto: 'A small shop on a durable checkout. It loses neither an order nor a cent.',
    documentation: 'How programs talk to this shop',
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
    operator: { name: 'Operator', says: 'What needs a person, stock and money, refunds.' },
    outbox: { name: 'Outbox', says: 'The messages that buyers would have received.' },
    control: { name: 'Payments', says: 'The panel of the payment service: what goes wrong on purpose.' },
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
