import type { ProductOrder, SearchFault } from '../domain/catalogue.ts';
import type { DeliveryFault, DeliveryMethod } from '../domain/delivery.ts';
import type { DiscountFault } from '../domain/discount.ts';
import type { ErrorCode } from '../domain/errors.ts';
import {
  type Blocker,
  longestReturnReason,
  longestSearch,
  maxEmailLength,
  maxItems,
  maxQuantity,
  minutesBetweenOrderLinks,
  mostCorrections,
  mostResends,
  orderLinksPerDay,
} from '../domain/limits.ts';
import type { CancelReason, OrderStatus } from '../domain/order.ts';
import {
  type AddressFault,
  listCountries,
  longestField,
  type PostalAddress,
} from '../domain/postal-address.ts';
import { numberLocale } from '../shared/money.ts';

// The texts of the pages of shoppers. To translate the shop, translate this file and email-words.ts. The texts of operators are
// in operator/words.ts. shared/money.ts writes and reads numbers and amounts.

/** Every text of the storefront. Templates read it as `words`; a sentence with `{time}` gets a `<time>` there. */
export const words = {
  /** The language of all of this and of its dates, as HTML and Intl name it. */
  language: 'en-GB',
  shop: {
    skip: 'Skip to the content',
    motto: 'A small shop on a durable checkout. It loses neither an order nor a cent.',
    documentation: 'How programs talk to this shop',
    navigation: 'The shop',
    about: 'About the shop',
    taxNumber: 'Tax number',
    products: 'Products',
    yourOrders: 'Your orders',
    findOrder: 'Find your order',
    cart: 'Cart',
  },
  /** The pages that the shop writes itself, by the names of their files. */
  shopPages: {
    terms: 'Terms',
    returns: 'Returns',
    privacy: 'Privacy',
    imprint: 'Imprint',
  },
  connection: {
    away: 'The shop is restarting. Nothing is lost; reconnecting.',
    offline: 'This device is offline. Nothing is lost; reconnecting.',
    busy: 'The shop is busy. Trying again by itself.',
  },
  products: {
    title: 'Things that hold',
    lead: 'Cast, forged and turned for boats. What you buy is held for you while you pay.',
    search: 'Search the shop',
    show: 'Show',
    category: 'Category',
    everyCategory: 'All categories',
    order: 'Sort by',
    filters: 'Price and stock',
    inStock: 'In stock only',
    from: 'Price from',
    to: 'Price to',
    noFilters: 'Without these filters',
    pages: 'Pages of products',
    before: 'Previous',
    after: 'Next',
    suggestions: 'Did you mean',
    categories: 'Or look through',
    add: 'Add to cart',
    toCart: 'See the cart',
    soldOut: 'Sold out',
    soldOutHint: 'There is none left. It can be bought as soon as there is more.',
    quantity: 'Quantity',
    others: 'More things that hold',
    all: 'All products',
    trail: 'Where this is',
    none: 'There is nothing on the shelf yet.',
    noneHint: 'Products appear here as soon as the catalogue has some.',
    notFoundHint: 'Try a shorter word, or look through everything there is.',
    noWordHint: 'A search needs a letter or a digit.',
  },
  cart: {
    title: 'Your cart',
    quantity: 'Quantity',
    update: 'Update',
    remove: 'Remove',
    total: 'Total',
    checkout: 'Check out',
    onward: 'Go on choosing',
    none: 'Your cart is empty.',
    ordered: 'This cart is ordered, and waits for your payment.',
    notHeld: 'A cart holds nothing back. Things are held for you once you check out, while you pay.',
    see: 'See the order',
    changeInstead: 'Change this order instead',
    keepOrder: 'Keep the order as it is',
  },
  checkout: {
    title: 'Review and pay',
    items: 'What you order',
    missing: 'Not part of this order',
    email: 'E-mail',
    emailHint: 'For messages about this order, and to limit misuse.',
    keepEmail: 'The address is right. Order and pay',
    change: 'Change the cart',
    subtotal: 'Products',
    delivery: 'How you get it',
    deliveryPrice: 'Delivery',
    free: 'Free',
    taxFollows: 'Before tax, which depends on the address.',
    code: 'Discount code (optional)',
    apply: 'Apply',
    applied: 'The code is in the total.',
    address: 'Where it goes',
    addressOf: {
      name: 'Name',
      line1: 'Street and number',
      line2: 'Flat, company or floor (optional)',
      postalCode: 'Postal code',
      city: 'Town or city',
      region: 'State, province or county',
      country: 'Country',
      chooseCountry: 'Choose',
      phone: 'Phone, for the carrier (optional)',
    },
    regionHint: 'Where addresses of the country have one.',
    button: 'Order and pay',
    placing: 'Placing your order…',
    next: 'You pay on the next page. This button places one order, however often it is pressed.',
    faults: 'Something needs another look',
    cartChanged: 'Your cart was changed since this page was shown. Look again, then order.',
    reviewChanged:
      'A price, or what is left, has changed since this page was shown. Nothing was ordered. Look again, then order.',
    totalChanged:
      'The total is another one now, with the code and the address that you gave. Look again, then order.',
    tooManyCodes: 'Too many codes were tried from here. Try again in ten minutes, or order without one.',
    outOfStock:
      'Not everything was there any more. Nothing was reserved, and nothing was charged. This is what is there now.',
    undeliverable: 'The shop has no way to deliver this at the moment. Your cart stays as it is.',
    deliveryUnavailable:
      'It cannot be delivered in that way any more. Nothing was ordered. Choose again, then order.',
    codeUnavailable:
      'The code cannot be used any more. Nothing was ordered. Order without it, or with another one.',
    holdLimit:
      'That is more than one shopper can hold at once, together with what your orders and your connection hold already. Nothing was reserved, and nothing was charged. Order fewer, pay or cancel what waits for you, or try again in a few minutes.',
    paymentUnavailable:
      'The payment service could not be reached. Nothing was charged; order again in a moment.',
    keyReused:
      'This cart was ordered just now, with another e-mail address or delivery. Press the button again: it stays one order.',
    ended: 'That order was cancelled. Your cart is as it was: look again, then order.',
    timeout: 'Your order is still being placed. Press the button again: it stays one order.',
    changedOrderPaid:
      'The order that you wanted to change is paid already, so it stays as it was. Nothing else was ordered or charged. What is below is an order of its own: look again, then order.',
    changeUnavailable:
      'The payment service could not be reached, so your order was not changed. It holds what it held. Nothing was charged; try again in a moment.',
    changedAlready: 'That order was changed already, and another one took its place. Look again, then order.',
    refused: 'The order could not be placed as it was sent. Nothing was charged. Look again, then order.',
    unreachable: 'The shop does not answer. Nothing was charged. Press the button again: it stays one order.',
  },
  yourOrders: {
    title: 'Your orders',
    lead: 'The orders that were placed in this browser, newest first. Nobody else sees this list.',
    none: 'No order was placed in this browser yet.',
    noneHint: 'An order from another device shows at the address in its e-mail.',
    older: 'Older orders',
    newest: 'The newest orders',
    onward: 'Choose something',
    find: 'Find an order by e-mail',
    forget: 'Forget this browser',
    forgetHint:
      'Empties the cart and this list, and removes the cookie. Your orders go on; each shows at the address in its e-mail.',
    forgotten: 'This browser is forgotten.',
  },
  findOrder: {
    title: 'Find your order',
    lead: 'The links to your orders go to the e-mail address that you gave with them.',
    email: 'E-mail',
    button: 'Send the links',
    asked: 'If orders were paid under that address, a message with their links is on its way to it.',
    askedHint:
      'Nothing there after a few minutes? Look among the unwanted messages, and check the address: the answer here is the same for each.',
    limits: linksLimitWords(orderLinksPerDay, minutesBetweenOrderLinks),
    unpaid: 'The message lists paid orders only. “Your orders” has all orders of this browser.',
    preview: 'A demonstration sends no mail. Its messages are kept in the outbox.',
    off: 'This shop sends no messages, so it cannot send you links. “Your orders” has the orders of this browser.',
  },
  contact: {
    lead: 'Messages about this order, and what you can ask of the shop.',
    email: 'E-mail address of this order',
    now: 'Messages go to',
    requests: 'What you can ask',
    none: 'There is no address to send messages to.',
    off: 'This shop sends no messages.',
    correct: 'Correct the address',
    correctTo: 'Right address',
    correctHint:
      'Later messages of the shop go there. Those of the payment service go to the address that it has already.',
    correctButton: 'Correct it',
    resend: 'Send the last message again',
    resendHint: `A message can be sent again ${mostResends} times, once a minute.`,
    resendButton: 'Send it again',
    cancellation: 'Ask to cancel the order',
    return: 'Ask to return it',
    returnHint: 'The shop reads it and answers on the page of the order. Keep everything until then.',
    reason: 'Reason',
    reasonHint: `In at most ${longestReturnReason} characters. Write nothing in it that the shop need not know.`,
    askButton: 'Send the request',
    back: 'Back to the order',
    link: 'Correct it, or have a message sent again',
    cancelLink: 'Ask to cancel the order',
    returnLink: 'Ask to return it',
    returnAsked: 'You asked to return this order. The shop will answer here.',
  },
  recent: {
    title: 'Recent orders',
    lead: 'The ten newest orders of this shop, without a name on them. It is for the demonstration; a real shop has no such page.',
    none: 'No order yet. The first one will show here.',
    onward: 'Choose something',
  },
  demonstration: {
    heading: 'For the demonstration',
    restock: 'Restock',
    restockHint: 'Raises every product to its full stock again. Lowers none.',
    restocked: 'Restocked.',
    crash: 'Crash',
    crashHint: 'Ends the process that answers, as a power cut would. Your orders go on.',
    crashed: 'The process has ended. The next one takes over.',
    failed: 'That did not work. Try again.',
    recent: 'Recent orders',
    operator: 'Operator',
    outbox: 'Outbox',
    control: 'Payments',
  },
  order: {
    onward: 'Back to the shop',
    backToCart: 'Back to your cart',
    chooseMore: 'Choose something else',
    yourOrders: 'See all your orders',
    held: 'Held for you until {time}.',
    heldAfter: 'After that it goes back on the shelf. A payment you have made shows here in a moment.',
    left: '{left} left',
    leftMinute: 'Held for you for one more minute.',
    leftHalf: 'Held for you for 30 more seconds.',
    holdOver: 'The hold ended at {time}. We are asking whether a payment arrived.',
    preparing: 'The payment page is being prepared. This page moves on by itself.',
    thanks: 'Thank you. A confirmation goes to the address that you gave.',
    returned: 'Your payment is on its way to us. This page shows it as soon as it is here.',
    returnedLate:
      'The order was cancelled before a payment reached us. If you have paid, this page shows it as soon as we hear of it.',
    cancel: 'Cancel the order',
    change: 'Change this order',
    again: 'Buy again',
    available: 'Add what is available',
    changeAsked:
      'You are changing this order, so it can no longer be paid as it was. What it holds stays held for you until {time}.',
    cancelAsked: 'You asked to cancel. We are making sure that nothing was paid.',
    cancelTooLate: 'You asked to cancel, and your payment was faster.',
    canAskToCancel: 'You can ask the shop to cancel it.',
    canAskToReturn: 'You can ask the shop to take it back.',
    paymentSeen: 'Your payment has arrived and is being booked.',
    bought: 'What you ordered',
    wanted: 'What you wanted',
    subtotal: 'Products',
    total: 'Total',
    ordered: 'Ordered',
    payment: 'Payment',
    refund: 'Refund',
    receipt: 'Open the receipt',
    timeline: 'What happens',
    timelineAfter: 'What happened',
    trackingNumber: 'Number',
    keep: 'Keep the address of this page: it shows your order on any device.',
  },
  receipt: {
    order: 'Order',
    ordered: 'Ordered',
    paid: 'Paid',
    method: 'Payment method',
    reference: 'Payment reference',
    seller: 'Seller',
    buyer: 'Buyer',
    deliveredTo: 'Delivered to',
    lines: 'What was bought',
    product: 'Product',
    amount: 'Amount',
    total: 'Total',
    refund: 'Paid back',
    net: 'Net amount after refunds',
    due: 'On its way back',
    print: 'Print the receipt',
    back: 'Back to the order',
  },
  steps: {
    placed: 'Order placed',
    payment: 'Payment',
    paid: 'Paid',
    paidLate: 'Payment arrived late',
    paidAfterAll: 'Everything was still there: the order stands',
    cancelAsked: 'You asked to cancel',
    changeAsked: 'You changed it',
    changeGivenUp: 'It could not be changed, and stays as it was',
    paymentFailed: 'Payment failed',
    cancelling: 'Being cancelled',
    preparing: 'Being prepared',
    refund: 'Refund under way',
    refundPromised: 'Refund promised',
    refunded: 'Paid back in full',
    disputed: 'Payment disputed',
    cancellationAsked: 'You asked to cancel the paid order',
    returnAsked: 'You asked to return it',
    returnAnswered: 'The shop has answered',
  },
  error: {
    onward: 'To the shop',
  },
  /** A product's address that leads to none. */
  notSold: {
    title: 'This product is not sold here.',
    message: 'It may have left the shelf, or the address is mistyped. Everything else is where it was.',
    onward: 'See all products',
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

interface HandoverWords {
  /** Its status once nothing is left to do. */
  readonly dispatched: string;
  readonly steps: Readonly<Record<'dispatch' | 'dispatchBegan' | 'dispatched' | 'nothing', string>>;
  /** The status of an order of which nothing gets to its buyer, and the notice about it. */
  readonly nothing: { readonly word: string; readonly notice: string };
  /** That nothing is left to do. */
  readonly gone: string;
  /** An order that an operator prepares, and the day by which that is done. */
  readonly preparing: (day: string) => string;
  /** The days of its delivery. */
  readonly days: (days: string) => string;
  readonly parcels: string;
  /** A parcel by its place among those of its order, as a heading, as a step of the timeline, and as a link. */
  readonly parcel: Readonly<Record<'name' | 'shipped' | 'follow', (place: number) => string>>;
  readonly cancellationHint: string;
  readonly cancellationAsked: string;
  readonly cancellationAskedLate: string;
}

/** The words for the way in which an order gets to its buyer: it is sent, or it is collected at the shop. */
export function handoverWords({ isCollected }: { readonly isCollected: boolean }): HandoverWords {
  return isCollected ? collectedWords : sentWords;
}

const sentWords: HandoverWords = {
  dispatched: 'Dispatched',
  steps: {
    dispatch: 'Dispatch',
    dispatchBegan: 'Dispatch began',
    dispatched: 'Dispatched',
    nothing: 'Nothing is left to send',
  },
  nothing: { word: 'Not sent', notice: 'Nothing of this order will be sent.' },
  gone: 'Everything has left the shop.',
  preparing: (day) => `Being prepared, to be shipped by ${day}`,
  days: (days) => `${days} after the dispatch`,
  parcels: 'Parcels',
  parcel: {
    name: (place) => `Parcel ${place}`,
    shipped: (place) => `Parcel ${place} shipped`,
    follow: (place) => `Follow parcel ${place}`,
  },
  cancellationHint:
    'The shop reads it and answers on the page of the order. The dispatch goes on until then.',
  cancellationAsked:
    'You asked to cancel this order. The shop will answer here; until then the dispatch goes on.',
  cancellationAskedLate:
    'You asked to cancel this order, and it was dispatched before the shop answered. The answer will show here.',
};

const collectedWords: HandoverWords = {
  dispatched: 'Ready to collect',
  steps: {
    dispatch: 'Being made ready',
    dispatchBegan: 'Work on it began',
    dispatched: 'Ready to collect',
    nothing: 'Nothing is left to collect',
  },
  nothing: { word: 'Nothing to collect', notice: 'Nothing of this order is left to collect.' },
  gone: 'Everything is ready for you to collect.',
  preparing: (day) => `Being prepared, to be ready by ${day}`,
  days: (days) => days,
  parcels: 'What is ready',
  parcel: {
    name: (place) => `Part ${place}`,
    shipped: (place) => `Part ${place} ready to collect`,
    follow: (place) => `Follow part ${place}`,
  },
  cancellationHint:
    'The shop reads it and answers on the page of the order. Until then it goes on making the order ready.',
  cancellationAsked:
    'You asked to cancel this order. The shop will answer here; until then it goes on making the order ready.',
  cancellationAskedLate:
    'You asked to cancel this order, and it was ready before the shop answered. The answer will show here.',
};

/** The status of an order, which may be dispatched although nothing of it gets to its buyer. */
export function statusWordsOf(order: {
  readonly status: OrderStatus;
  readonly nothingSent?: boolean;
  readonly isCollected?: boolean;
}): { readonly word: string; readonly sign: string } {
  const { status, nothingSent = false, isCollected = false } = order;
  if (status !== 'dispatched') return statusWords[status];
  const { nothing, dispatched } = handoverWords({ isCollected });
  return nothingSent ? { word: nothing.word, sign: 'ended' } : { ...statusWords[status], word: dispatched };
}

/** What a form that leads to an order's page has not done. */
export const orderNotices = {
  otherBrowser:
    'This order was placed in another browser. Change it there, or cancel it here and order anew.',
  unchanged:
    'Your payment was faster: this order is paid, so it stays as it was, and nothing else was ordered. What is left in your cart is an order of its own.',
} as const;

/** Why an order was cancelled, as its buyer reads it. `{time}` is when it happened. */
export const cancelWords: Readonly<Record<CancelReason, string>> = {
  out_of_stock: 'There was not enough in stock. Nothing was reserved and nothing was charged.',
  price_changed: 'The price changed before the order was placed. Nothing was charged.',
  hold_limit:
    'That was more than one shopper can hold at once. Nothing was reserved and nothing was charged.',
  delivery_unavailable:
    'It could not be delivered in that way. Nothing was reserved and nothing was charged.',
  code_unavailable:
    'The discount code could not be used any more. Nothing was reserved and nothing was charged.',
  payment_unavailable: 'The payment service could not be reached. Nothing was charged.',
  payment_ended: 'The payment was cancelled, and the order with it. Nothing was charged.',
  cancelled_by_shopper: 'You cancelled it. Nothing was charged.',
  changed_order_paid:
    'The order that it would have changed was paid already. Nothing was reserved and nothing was charged.',
  change_unavailable:
    'The payment service could not be reached. Nothing was reserved and nothing was charged.',
  changed_by_shopper: 'You changed it, and another order took its place. Nothing was charged.',
  hold_expired: 'The hold ended at {time} before a payment arrived. Nothing was charged.',
};

/** The same for a payment that nobody cancelled: the bank did not pay in the end. */
export const paymentFailedWords = 'Your bank did not pay. Nothing was charged.';

/** The same as a knot of the timeline. */
export const cancelSteps: Readonly<Record<CancelReason, string>> = {
  out_of_stock: 'Not placed: not enough in stock',
  price_changed: 'Not placed: the price changed',
  hold_limit: 'Not placed: more than one shopper can hold',
  delivery_unavailable: 'Not placed: no such delivery',
  code_unavailable: 'Not placed: the code was used up',
  payment_unavailable: 'Cancelled: no payment service',
  payment_ended: 'Cancelled: not paid',
  cancelled_by_shopper: 'Cancelled as you asked',
  changed_order_paid: 'Not placed: the other order was paid',
  change_unavailable: 'Not placed: no payment service',
  changed_by_shopper: 'Another order took its place',
  hold_expired: 'Cancelled: no payment in time',
};

/** The state of a payment in a receipt. */
export const paymentStates = {
  none: 'None',
  waiting: 'Not paid yet',
  arrived: 'Arrived, being booked',
  paid: 'Paid',
} as const;

/** A refund in a receipt, and one of a part as a knot of the timeline. */
export const refundSteps = {
  made: (amount: string) => `${amount} paid back`,
  due: (amount: string) => `${amount} on its way back`,
} as const;

/** Notices about refunds. The receipt has the amounts. */
export const refundNotes = {
  late: 'Your payment came after the order was cancelled, so it is on its way back to you.',
  due: 'Your payment is on its way back to you.',
  partDue: 'A part of your payment is on its way back to you.',
  partMade: 'A part of your payment was paid back to you.',
  soon: 'Depending on your bank, the money shows on your account within 5 to 10 days.',
} as const;

/** The part of a browser's orders that the list shows. */
export function yourOrdersPartWords(shown: number, isNewest: boolean): string {
  if (isNewest) return `These are your newest ${shown} orders. There are older ones.`;
  return shown === 1 ? 'This is an earlier order.' : `These are ${shown} earlier orders.`;
}

/** The link to the first page, as it is read aloud. */
export function homeWords(shop: string): string {
  return `${shop}, the shop`;
}

/** The cart's link, as it is read aloud. */
export function cartWords(units: number): string {
  if (units === 0) return 'Cart, empty';
  return units === 1 ? 'Cart, 1 unit' : `Cart, ${units} units`;
}

/** The promise of an empty cart. */
export function keptWords(days: number): string {
  return `What you put into it stays for ${days} days, in this browser.`;
}

/** Why a cart cannot be ordered. */
export const blockerWords: Readonly<Record<Blocker, string>> = {
  too_many_products: `More than ${maxItems} products do not fit into one order. Take something out, and order it separately.`,
  too_many_units: `One order has at most ${maxQuantity} of one product. Take some out, and order them separately.`,
  bad_price:
    'The price of one of these is not right yet, so it cannot be paid. Take it out, and order the rest.',
  nothing: 'Nothing in it can be ordered at the moment.',
  too_much: 'That is more than one payment can be. Take something out, and order it separately.',
  currencies: 'These things are priced in different currencies. Order those of each currency separately.',
};

/** Faults of a change of the cart. */
export const cartFaults = {
  quantity: (most: number) => `A quantity is a whole number from 0 to ${most}.`,
  full: (products: number) =>
    `There are ${products} products in your cart, as many as fit into one order. Check out first, or take something out.`,
} as const;

/** That so many orders of one browser may wait for their payment, and no more. */
export function tooManyPendingWords(orders: number): string {
  return `${orders} of your orders wait for their payment already. Pay or cancel one of them first.`;
}

/** How many of a product one shopper can hold, beside what the shopper holds already. */
export function shareWords(product: string, atMost: number): string {
  if (atMost === 0)
    return `Your orders or your connection hold as much of ${product} as one shopper can. Pay or cancel them, or try again in a few minutes.`;
  return `You can order ${atMost} of ${product} at most, so that others find some as well. Nothing was reserved. Order fewer.`;
}

/** How to undo that something was taken out of the cart. */
export function putBackWords(units: number): string {
  return units === 1 ? 'Put it back' : `Put ${units} back`;
}

/** The result of adding or removing a product. */
export const cartMessages = {
  added: (product: string) => `${product} is in your cart.`,
  soldOut: (product: string) => `${product} is sold out now. It waits in your cart.`,
  all: (product: string, available: number) =>
    `Only ${available} of ${product} left, so your cart counts ${available}.`,
  removed: (product: string) => `${product} is out of your cart.`,
} as const;

/** The result of putting the products of an order into the cart. `short` names what is not there as it was ordered. */
export function filledWords(name: string, short: readonly string[]): string {
  const done = `What is there of ${name} is in your cart.`;
  return short.length === 0 ? `Everything of ${name} is in your cart.` : [done, ...short].join(' ');
}

/** A product of an order that the cart has fewer units of, or none. */
export function fewerWords(product: string, ordered: number, inCart: number, available: number): string {
  if (inCart > 0) return `${product}: ${inCart} instead of ${ordered}.`;
  return available > 0 ? `${product} is not in your cart.` : `${product} is sold out.`;
}

/** The order whose place a cart takes. `{time}` is when its hold ends. */
export const changingWords = {
  payable: (name: string) =>
    `You are changing ${name}. It stays as it is until you press “Order and pay”; then this cart takes its place. It is held for you until {time}.`,
  ended: (name: string) =>
    `You are changing ${name}, so it can no longer be paid as it was. What it holds is held for you until {time}: order what you want of it.`,
  paid: (name: string) =>
    `${name} is paid, so it stays as it was. What is in this cart is an order of its own.`,
  review: (name: string) =>
    `This takes the place of ${name}, which ends when you press the button. What it holds stays yours.`,
} as const;

/** That an order was changed into another one. */
export function changedIntoWords(name: string): string {
  return `You changed it into ${name}. Nothing was charged.`;
}

/** The same on the card of the product. */
export const cartShort = {
  added: 'In your cart.',
  soldOut: 'Sold out. It waits in your cart.',
  all: (available: number) => `Only ${available} left, all in your cart.`,
} as const;

/** The changes of a line since it was put into the cart. */
export const cartNotes = {
  soldOut: 'Sold out. It stays here, and is no part of an order until there is more.',
  fewer: (available: number, wanted: number) =>
    `Only ${available} left, so your cart counts ${available} instead of ${wanted}.`,
  heldByOtherOrders: (units: number) =>
    `${units} more ${units === 1 ? 'is' : 'are'} held for you in an order that waits for its payment.`,
  price: (now: string, then: string) => `It costs ${now} now. It was ${then} when you put it here.`,
} as const;

/** An order that still waits for its payment. `{time}` is when its hold ends. */
export function pendingWords(name: string): string {
  return `${name} waits for your payment. It is held for you until {time}.`;
}

/** An order that cannot be paid any more, and is not given up before the payment service has answered. */
export function askingWords(name: string, cancelAsked: boolean): string {
  return cancelAsked
    ? `${name} is being cancelled.`
    : `The hold of ${name} is over. We are asking whether a payment arrived.`;
}

/** How long things will be held, and what happens after that, said before anything is ordered. */
export function holdPromise(seconds: number): string {
  return `We hold these things for you for ${durationWords(seconds)} while you pay. If no payment arrives by then, they go back on the shelf, nothing is charged, and your cart is as it was.`;
}

/** Faults of an e-mail address. */
export const emailFaults = {
  missing: 'Enter your e-mail address.',
  tooLong: `An e-mail address has ${maxEmailLength} characters at most.`,
  unreadable: 'Enter an e-mail address such as name@example.com.',
} as const;

/** That an order keeps the delivery with which it was placed, to a shopper who has sent its cart again with another one. */
export function firstDeliveryWords(isPending: boolean): string {
  const kept =
    'This cart was ordered before, and the order keeps its first delivery. The one that you chose now is not part of it.';
  return isPending
    ? `${kept} To have it delivered in another way, cancel this order, then order again.`
    : kept;
}

/** That an order keeps the discount with which it was placed, to a shopper who has sent its cart again with another code, or without one. */
export function firstCodeWords(isPending: boolean): string {
  const kept =
    'This cart was ordered before, and the order keeps its price. What you gave as a discount code now changes nothing.';
  return isPending ? `${kept} To order with another code, change this order.` : kept;
}

/** That an order keeps its e-mail address, to a shopper who has sent its cart again with another one. */
export function keptEmailWords(isPending: boolean): string {
  const kept =
    'This cart was ordered before, and the order keeps the e-mail address that it has. The one that you gave now is not part of it.';
  return isPending ? `${kept} To have messages sent to another address, correct it on this page.` : kept;
}

/** That an address looks like another one that was meant. */
export function suggestedEmailWords(suggested: string): string {
  return `Did you mean ${suggested}? Take it, or order with the address as it is.`;
}

/** The button that orders with the suggested address. */
export function takeEmailWords(suggested: string): string {
  return `Use ${suggested}. Order and pay`;
}

/** How many messages with links one address gets. */
function linksLimitWords(perDay: number, minutes: number): string {
  return `One address gets at most ${perDay} such messages a day, ${minutes} minutes apart.`;
}

/** The results of what a buyer does on the page of messages and requests. */
export const contactOutcomes = {
  corrected: { sign: 'done', text: 'The address is corrected. The next message goes there.' },
  corrected_too_often: {
    sign: 'ended',
    text: `The address was corrected ${mostCorrections} times already, and stays as it is. Ask the shop.`,
  },
  resent: { sign: 'done', text: 'The last message is on its way again.' },
  nothing: { sign: 'ended', text: 'There is no message yet. The first one comes when the order is paid.' },
  under_way: {
    sign: 'ended',
    text: 'The message is being sent for the first time. Try again in a few minutes.',
  },
  too_soon: { sign: 'ended', text: 'It was sent just now. Try again in a minute.' },
  resent_too_often: {
    sign: 'ended',
    text: `A message was sent again ${mostResends} times already. This page always shows the order.`,
  },
  asked: { sign: 'done', text: 'Your request is with the shop.' },
  open: {
    sign: 'ended',
    text: 'Your request is with the shop already. It will answer on the page of the order.',
  },
  asked_too_often: { sign: 'ended', text: 'The shop has answered this several times. Its answers stand.' },
  not_now: { sign: 'ended', text: 'That is not possible with this order any more. Nothing was changed.' },
} as const;

/** The fault of an empty or too long reason. */
export const returnReasonFault = `Say why, in 1 to ${longestReturnReason} characters.`;

/** The answer of the shop to a request. */
export function answeredWords(answer: string): string {
  return `The shop has answered your request: “${answer}”`;
}

/** The page of an order's messages and requests. */
export function contactTitleWords(order: string): string {
  return `${order}: messages and requests`;
}

/** Why an order cannot be delivered, next to the choice. */
export const discountFaultWords: Readonly<Record<DiscountFault, string>> = {
  unknown_code: 'There is no such code. Check the letters, or order without it.',
  code_not_yet_valid: 'This code cannot be used yet.',
  code_expired: 'This code cannot be used any more.',
  code_used_up: 'This code has been used up.',
  code_used_by_you: 'This code was used with this e-mail address as often as it may be.',
  code_needs_email: 'This code needs an e-mail address.',
  code_needs_more: 'Your products come to less than this code asks for.',
  code_other_currency: 'This code is for another currency.',
};

/** Why the delivery of a cart is not possible. */
export const deliveryFaultWords: Readonly<Record<DeliveryFault, string>> = {
  unknown_method: 'Choose how you want to get your order.',
  address_missing: 'Enter the address, or choose another way to get your order.',
  country_not_served: 'We do not deliver to that country in this way. Choose another way or another address.',
  currency_not_served: 'This order cannot be delivered in that way. Choose another one.',
};

const addressFaultOf = (missing: string, wrong: string, long: string) => ({
  missing,
  not_of_country: wrong,
  unreadable: `${wrong} It has characters that cannot be printed on a label.`,
  too_long: long,
});

/** Faults of the fields of an address. */
export const addressFaultWords: Readonly<
  Record<keyof PostalAddress, Readonly<Record<AddressFault, string>>>
> = {
  name: addressFaultOf('Enter a name.', 'Enter a name.', longWords('name')),
  line1: addressFaultOf(
    'Enter the street and the number.',
    'Enter the street and the number.',
    longWords('line1'),
  ),
  line2: addressFaultOf('', 'Check the second line.', longWords('line2')),
  postalCode: addressFaultOf(
    'Enter the postal code.',
    'Enter a postal code of this country.',
    longWords('postalCode'),
  ),
  city: addressFaultOf('Enter the town or city.', 'Enter the town or city.', longWords('city')),
  region: addressFaultOf(
    'Enter the state, province or county.',
    'Enter a state or province of this country.',
    longWords('region'),
  ),
  country: addressFaultOf('Choose the country.', 'Choose the country.', 'Choose the country.'),
  phone: addressFaultOf('', 'Enter a phone number such as +44 20 7946 0018.', longWords('phone')),
};

function longWords(field: keyof PostalAddress): string {
  return `Shorten this: there is room for ${longestField[field]} characters.`;
}

/** How long a delivery takes, and where it goes. */
export function deliveryHint({ daysFrom, daysTo, needsAddress, countries }: DeliveryMethod): string {
  const days = daysFrom === null || daysTo === null ? [] : [daysWords(daysFrom, daysTo)];
  const where = needsAddress && countries.length > 0 ? countriesWords(countries) : [];
  return [...days, ...where].join(', ');
}

/** The length of a delivery, in working days. */
export function daysWords(from: number, to: number): string {
  const days = from === to ? String(to) : `${from} to ${to}`;
  return `${days} working day${to === 1 ? '' : 's'}`;
}

/** The days between which an order arrives, as a step of its timeline. */
export function arrivalWords(from: string, to: string): string {
  return from === to ? `Expected on ${to}` : `Expected between ${from} and ${to}`;
}

const countriesNamed = 3;

function countriesWords(countries: readonly string[]): string[] {
  const names = listCountries(countries).map(({ name }) => name);
  if (names.length === 0) return [];
  const few = names.length <= countriesNamed;
  return [few ? `to ${new Intl.ListFormat(words.language).format(names)}` : `to ${names.length} countries`];
}

/** How many of a product. A quantity does not part from its sign at the end of a line. */
export function itemWords(product: string, quantity: number): string {
  return quantity === 1 ? product : `${quantity}\u00a0×\u00a0${product}`;
}

/** What was bought, in one line: the first item and how many more there are. */
export function itemsWords(first: string, items: number): string {
  return items === 1 ? first : `${items} items: ${first} and ${items - 1} more`;
}

/** A length of time, in the largest unit that keeps it a small number. Rounded down, because it is promised. */
function durationWords(seconds: number): string {
  const [count, unit] =
    seconds <= 90
      ? [Math.floor(seconds), 'second']
      : seconds < 7200
        ? [Math.floor(seconds / 60), 'minute']
        : [Math.floor(seconds / 3600), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** How much is left: a number rather than an adjective. */
export function stockWords(available: number): string {
  if (available <= 0) return words.products.soldOut;
  return available <= fewUnits ? `Only ${available} left` : `${available} in stock`;
}

/** The largest number of units that the shop warns about. */
export const fewUnits = 5;

/** The ways to sort products, in the order in which they are offered. */
export const sortWords: Readonly<Record<ProductOrder, string>> = {
  relevance: 'Best match',
  featured: 'Featured',
  newest: 'Newest',
  price: 'Price, low to high',
  'price-desc': 'Price, high to low',
  name: 'Name, A to Z',
};

const wholeNumber = new Intl.NumberFormat(numberLocale);

/** How many products there are, or match what was looked for. */
export function resultWords(count: number, text: string, isFiltered = false): string {
  const products = count === 1 ? '1 product' : `${wholeNumber.format(count)} products`;
  const match = count === 1 ? 'matches' : 'match';
  if (text === '' && !isFiltered) return `${products}.`;
  const what = [text !== '' && `“${text}”`, isFiltered && 'these filters'].filter(Boolean).join(' with ');
  return count === 0 ? `Nothing matches ${what}.` : `${products} ${match} ${what}.`;
}

/** The part of the products that a page shows. */
export function rangeWords(first: number, last: number): string {
  return `Here are ${wholeNumber.format(first)} to ${wholeNumber.format(last)}.`;
}

/** A page of products by its number. */
export function pageWords(page: number, pages: number): string {
  return `Page ${wholeNumber.format(page)} of ${wholeNumber.format(pages)}`;
}

/** A category with the number of its products. */
export function categoryWords(category: string, size: number): string {
  return `${category} (${wholeNumber.format(size)})`;
}

/** That the catalogue has more categories than it offers. */
export function moreCategoriesWords(offered: number): string {
  return `These are the ${offered} largest categories.`;
}

/** What of a search was not used as it was typed. */
export const searchFaults: Readonly<Record<SearchFault, string>> = {
  text_cut: `A search has ${longestSearch} characters at most. The rest was left out.`,
  from_unreadable: '“Price from” is no price, so it was left out. Write one such as 12.50.',
  to_unreadable: '“Price to” is no price, so it was left out. Write one such as 12.50.',
  prices_swapped: 'The lower price came second. They are in order now.',
};

/** That a category of an address does not exist. */
export function unknownCategoryWords(category: string): string {
  return `There is no category “${category}”. These are all of them.`;
}

/** That an address names a page beyond the last one. */
export function lastPageWords(pages: number): string {
  return pages === 1
    ? 'There is one page only.'
    : `There are ${wholeNumber.format(pages)} pages. This is the last one.`;
}

/** The description of the catalogue for search engines. */
export function catalogueSummary(result: string, isSearch: boolean): string {
  return isSearch ? result : `${words.products.lead} ${words.shop.motto}`;
}

/** The text alternative of a product's picture. */
export function pictureWords(product: string): string {
  return `Drawing of the ${product}`;
}

/** The text about a product that there was too little of. */
export function shortageWords(product: string, wanted: number, available: number): string {
  if (available === 0) return `${product}: sold out.`;
  return `${product}: ${wanted} wanted, ${available} left.`;
}

/** A time that is read any day later. */
export function longTimeWords(time: string, day: string): string {
  return `${time} on ${day}`;
}

/** How far a dispatch is, and how long it still takes; a script goes on with these while nothing comes. */
export const progressPatterns = {
  progress: '{done} of {whole}',
  soon: 'Ready any moment now.',
  second: 'Ready in about {n} second.',
  seconds: 'Ready in about {n} seconds.',
  minutes: 'Ready in about {n} minutes.',
  hours: 'Ready in about {n} hours.',
} as const;

/** How far a dispatch is. */
export function progressWords(done: number, whole: number): string {
  return progressPatterns.progress.replace('{done}', String(done)).replace('{whole}', String(whole));
}

/** How long a dispatch still takes, in the largest unit of which there are at least two. */
export function readyWords(seconds: number): string {
  const { soon, second, seconds: some, minutes, hours } = progressPatterns;
  if (seconds <= 0) return soon;
  if (seconds === 1) return second.replace('{n}', '1');
  if (seconds <= 90) return some.replace('{n}', String(seconds));
  if (seconds <= 5400) return minutes.replace('{n}', String(Math.round(seconds / 60)));
  return hours.replace('{n}', String(Math.round(seconds / 3600)));
}

/** The text of the button that leads to the payment page. */
export function payWords(total: string): string {
  return `Pay ${total}`;
}

/** How an order was paid, by the provider of its payment page. */
export const paymentMethodWords = {
  local: 'Online, at the payment service of this demonstration',
  stripe: 'Online, through Stripe',
} as const;

/** A discount in the sums of an order. */
export function discountWords(code: string): string {
  return `Discount ${code}`;
}

/** A tax that is added to the prices. `rate`: millionths. */
export function addedTaxWords(name: string, rate: number): string {
  return `${name} ${percentOf(rate)}`;
}

/** A tax that the prices contain. `rate`: millionths. */
export function includedTaxWords(name: string, rate: number): string {
  return `${name} ${percentOf(rate)}, included`;
}

function percentOf(millionths: number): string {
  return `${millionths / 10_000}%`;
}

/** An order by its number. */
export function orderWords(orderId: number): string {
  return `Order ${orderId}`;
}

/** The receipt of an order by its number. */
export function receiptWords(orderId: number): string {
  return `Receipt ${orderId}`;
}

/** The page of each error: its meaning for a person, and what to do next. Programs get the texts of the errors themselves. */
export const errorWords: Readonly<Record<ErrorCode, { readonly title: string; readonly message: string }>> = {
  invalid_input: {
    title: 'The shop cannot use what was sent.',
    message:
      'Something is missing in it, or has a value that is not allowed. Nothing was changed. Go back, look at it again, and send it once more.',
  },
  malformed_body: {
    title: 'The shop cannot read what was sent.',
    message: 'Nothing was changed. Go back, load that page again, and send its form once more.',
  },
  malformed_request: {
    title: 'The shop cannot read this request.',
    message: 'It is not what a browser sends. Nothing was changed. Open the shop again.',
  },
  bad_signature: {
    title: 'This message is not from the payment service.',
    message: 'Its signature is missing or wrong, so it changed nothing. There is nothing for you to do.',
  },
  unknown_product: {
    title: 'There is no such product.',
    message: 'It may have left the shelf. Nothing was changed. Choose from what there is.',
  },
  unauthorized: {
    title: 'This is for operators.',
    message: 'It takes the operator token. The shop itself is open to everybody.',
  },
  cross_site: {
    title: 'This came from another site.',
    message:
      'The shop takes forms from its own pages only, under its own address. Nothing was changed. Open the shop and do it there. Whoever runs it sets its address as PUBLIC_URL.',
  },
  not_found: {
    title: 'There is nothing here.',
    message: 'The address may be mistyped or the page gone. The shop is open.',
  },
  method_not_allowed: {
    title: 'There is no page at this address.',
    message:
      'It takes what a form or a program sends, in its own way. Nothing was changed. Go back, or start from the shop.',
  },
  out_of_stock: {
    title: 'There is not enough in stock.',
    message: 'Nothing was reserved and nothing was charged. See what is left, and order fewer.',
  },
  price_changed: {
    title: 'The price has changed.',
    message: 'Nothing was ordered and nothing was charged. Look at the new price, then order.',
  },
  delivery_unavailable: {
    title: 'It cannot be delivered in that way.',
    message: 'Nothing was reserved and nothing was charged. Choose another delivery.',
  },
  code_unavailable: {
    title: 'The discount code cannot be used.',
    message: 'Nothing was reserved and nothing was charged. Check the code, or order without it.',
  },
  hold_limit: {
    title: 'That is more than one shopper can hold at once.',
    message:
      'Nothing was reserved and nothing was charged. Order fewer, or pay or cancel the orders that wait for you.',
  },
  payment_unavailable: {
    title: 'The payment could not be opened.',
    message: 'The order was cancelled and nothing was charged. Order again in a moment.',
  },
  not_refundable: {
    title: 'There is nothing to pay back.',
    message: 'The order is not paid, or all of it was promised back already.',
  },
  refund_too_large: {
    title: 'That is more than can still be paid back.',
    message: 'No money was moved. Look at what is left of the order, and ask for no more.',
  },
  refund_indivisible: {
    title: 'That amount cannot be paid back.',
    message: 'No money was moved. The payment service pays back this currency in larger steps only.',
  },
  not_shippable: {
    title: 'There is nothing to ship.',
    message: 'The order is not paid, is being paid back, or has left the shop already. Nothing was recorded.',
  },
  shipment_too_large: {
    title: 'That is more than is left to ship.',
    message: 'Nothing was recorded. Look at what is left of the order, and ship no more.',
  },
  not_restartable: {
    title: 'This cannot be tried again.',
    message: 'No work of the shop belongs to it. Resolve it by hand, then say how.',
  },
  body_too_large: {
    title: 'That is too much at once.',
    message: 'It is more than the shop reads, so nothing was changed. Send less.',
  },
  headers_too_large: {
    title: 'The address or the cookies are too long.',
    message:
      'The shop did not read them, so nothing was changed. Start from the shop, or delete its cookies.',
  },
  unsupported_media_type: {
    title: 'The shop does not know this format.',
    message: 'It reads what its own pages send, and JSON, neither of them compressed. Nothing was changed.',
  },
  key_reused: {
    title: 'This was sent before, with other values.',
    message: 'What was sent first stands. For something new, load the page again and send its form.',
  },
  weak_key: {
    title: 'Somebody could guess the key of this order.',
    message: 'Nothing was ordered. Load the page again, and send its form.',
  },
  rate_limited: {
    title: 'That was too much in one minute.',
    message: 'Wait a minute, then try again. Nothing is lost.',
  },
  request_timeout: {
    title: 'This arrived too slowly.',
    message: 'The shop no longer waits for it. Nothing was changed. Send it once more.',
  },
  internal: {
    title: 'Something went wrong on our side.',
    message: 'It is in our log. Your order is safe, and trying again cannot make a second one.',
  },
  unavailable: {
    title: 'The shop is restarting.',
    message: 'Your order is safe. Try again in a moment.',
  },
  timeout: {
    title: 'This takes longer than it should.',
    message: 'Your order is safe. Try again in a moment; it stays one order.',
  },
};
