import type { AttentionKind } from '../database/tables.ts';
import type { RestartableKind } from '../database/workflow-ids.ts';
import type { AttentionReason, UnknownPayment } from '../domain/attention.ts';
import { formatMoney, numberLocale } from '../shared/money.ts';

// The texts of the operator's pages; those of shoppers and buyers are in storefront/words.ts.

/** Every text of the operator's page, beside `words`. Templates read it as `operatorWords`. */
export const operatorWords = {
  title: 'Operator',
  lead: 'What needs a person, what stock and money add up to, parcels, and refunds.',
  attention: {
    heading: 'What needs a person',
    none: 'Nothing needs you.',
    noneHint: 'Work that the shop cannot finish by itself is listed here until somebody has resolved it.',
    since: 'Since {time}',
    retry: 'Try again',
    resolution: 'How it was resolved',
    resolve: 'Resolve',
    more: 'Further items',
    first: 'Back to the first items',
  },
  sums: {
    at: 'Added up at {time}.',
    below: 'The tables below show them as they are now.',
  },
  money: {
    heading: 'Money',
    hint: 'Kept is what was charged, less what was refunded and what is still to be.',
    none: 'No payment yet.',
    currency: 'Currency',
    charged: 'Charged',
    refunded: 'Refunded',
    due: 'Refund due',
    kept: 'Kept',
  },
  codes: {
    heading: 'Discount codes',
    hint: 'Free, held and used uses of a code are the issued ones.',
    code: 'Code',
    free: 'Free',
    held: 'Held',
    used: 'Used',
    issued: 'Issued',
  },
  stock: {
    heading: 'Stock',
    hint: 'Everything that was ever supplied is available, held or sold.',
    product: 'Product',
    available: 'Available',
    held: 'Held',
    sold: 'Sold',
    supplied: 'Supplied',
    balance: 'Balance',
    balanced: 'Balanced',
    unbalanced: 'Does not add up',
    before: 'Previous products',
    after: 'Next products',
  },
  reconciliation: {
    heading: 'Reconciliation',
    hint: 'The shop looks after itself: it starts lost work again, and looks for payments that no event reported.',
    scope: 'Compared with',
    last: 'Last run',
    runs: 'Runs',
    lastRepaired: 'Put right then',
    inAll: 'Put right in all',
    never: 'Not yet',
    now: 'Reconcile now',
    nowHint: 'Compares both at once.',
  },
  processes: {
    heading: 'Processes',
    hint: 'Every process that works for the shop now. When one ends, the others take over its work within seconds.',
    process: 'Process',
    host: 'Host',
    build: 'Version',
    since: 'Running since',
    takenOver: 'Work taken over',
  },
  shipping: {
    heading: 'Ship an order',
    none: 'No order waits for you to ship it.',
    order: 'Order',
    due: 'To be shipped by',
    late: 'Late',
    items: 'Left to ship',
    choose: 'Order to ship',
    show: 'See what is left',
    units: 'In this parcel',
    carrier: 'Carrier',
    number: 'Its number for the parcel',
    link: 'Link to follow the parcel',
    linkHint: 'As in https://parcels.example/PP123456785. The buyer gets all three; each may stay empty.',
    button: 'Ship',
    buttonHint:
      'The buyer gets a message. With the last units, the order is dispatched. This cannot be undone.',
  },
  refund: {
    heading: 'Refund an order',
    order: 'Order number',
    amount: 'Amount',
    amountHint: 'As in 12.50. Leave it empty to pay back all that is left.',
    amountOrUnits: 'As in 12.50. Leave it empty for what you choose below.',
    units: 'What is refunded',
    unitsHint: 'What was paid for units goes back. Those that are not shipped stay in the shop.',
    show: 'Choose its units',
    other: 'Another order',
    reason: 'Reason',
    reasonHint: 'The buyer may read it.',
    restock: 'The units',
    button: 'Refund',
    ofRequest: 'Refund this order',
    asked: 'cancelled as you asked',
    returned: 'returned as you asked',
    buttonHint: 'The money goes back through the payment service. This cannot be undone.',
  },
} as const;

/** The orders that wait to be shipped, of which the most urgent ones are listed. */
export function waitingWords(listed: number, inAll: number): string {
  if (listed === inAll) return 'These orders are paid and wait to be shipped, the most urgent first.';
  return `These are the most urgent ${listed} of ${inAll.toLocaleString(numberLocale)} orders that are paid and wait to be shipped. The next ones follow when these are shipped.`;
}

/** The part of the products that the table of the stock shows. */
export function stockPagesWords(first: number, last: number, all: number): string {
  const [from, to, total] = [first, last, all].map((count) => count.toLocaleString(numberLocale));
  return `Products ${from} to ${to} of ${total}, those that do not add up first.`;
}

/** The heading of each kind of attention item. */
export const attentionWords: Readonly<Record<AttentionKind, string>> = {
  event_mismatch: 'A payment message that does not fit',
  event_version: 'Payment messages of another version',
  dispute: 'A disputed payment',
  payment_unknown: 'A payment without an answer',
  unknown_payment: 'A payment without an order',
  overdue: 'Work that takes too long',
  workflow_failed: 'A workflow that failed',
  checkout_failed: 'A checkout that stopped',
  dispatch_failed: 'A dispatch that stopped',
  refund_failed: 'A refund that was not made',
  refund_made_twice: 'A refund that may have been made twice',
  email_failed: 'A message that was not sent',
  accounts_wrong: 'Sums that do not add up',
  return_asked: 'A request of a buyer',
};

const retries: Readonly<Record<RestartableKind, string>> = {
  checkout_failed: 'Asks how the payment stands, and ends the checkout accordingly.',
  dispatch_failed: 'Begins the dispatch once more.',
  refund_failed: 'Asks the payment service for the refund once more.',
  email_failed: 'Sends the message once more.',
};

/** The effect of a retry; null for an item that has none. */
export function retryWords(kind: AttentionKind, reason: AttentionReason['code']): string | null {
  if (kind === 'refund_failed' && reason === 'refund_unconfirmed') {
    return 'Takes it off this list. The shop has not stopped asking for the refund: at least every ten minutes.';
  }
  return (retries as Partial<Record<AttentionKind, string>>)[kind] ?? null;
}

/** The effect of resolving an item by hand. */
export function resolveWords(kind: AttentionKind, reason: AttentionReason['code']): string {
  if (kind === 'refund_failed' && reason === 'refund_unconfirmed') {
    return 'Counts the refund as made, and stops asking for it. If a call that is under way has made it too, this list says so.';
  }
  if (kind === 'refund_failed') return 'Counts the refund as made. No more money goes back.';
  if (kind === 'unknown_payment') return 'Takes it off this list for good. No money goes back.';
  if (kind === 'workflow_failed') return 'Takes it off this list, and does not run it again.';
  if (kind === 'email_failed') return 'The message is not sent any more.';
  if (kind === 'return_asked')
    return 'The buyer reads this answer on the page of the order. No money goes back. A refund answers it by itself.';
  return 'Takes it off this list, and changes nothing else.';
}

/** A product of a parcel, and how many of it are left to ship. */
export function unitsWords(product: string, left: number): string {
  return `${product}, of ${left}`;
}

/** A parcel that was recorded, after the name of its order. */
export function shippedWords(shipmentId: number, isLast: boolean): string {
  return `: parcel no. ${shipmentId} is recorded. ${isLast ? 'Everything has left the shop.' : 'More is left to ship.'}`;
}

/** Faults of the form of a parcel. */
export const shippingFaults = {
  order_unreadable: { field: 'order', text: 'An order number is a whole number, such as 7.' },
  unknown_order: { field: 'order', text: 'There is no such order, or it was never to be paid.' },
  not_shippable: { field: 'order', text: 'It is not paid, or its money is going back.' },
  already_shipped: { field: 'order', text: 'Nothing of it is left to ship.' },
  event_waiting: {
    field: 'key',
    text: 'The payment service has reported something about it that comes first. Try again in a minute.',
  },
  shipment_too_large: {
    field: 'units',
    text: 'That is more than is left to ship. The numbers beside the products are up to date.',
  },
  units_unreadable: { field: 'units', text: 'Write whole numbers, and at least one above zero.' },
  carrier_unreadable: { field: 'carrier', text: 'Write at most 60 characters.' },
  number_unreadable: { field: 'number', text: 'Write at most 60 characters.' },
  link_unreadable: { field: 'link', text: 'Write an address that begins with https:// or http://.' },
  key_reused: {
    field: 'key',
    text: 'This form was sent already, with other values. It is fresh now: look again, then ship.',
  },
} as const;

const overdueWork = { dispatch: 'The dispatch', refund: 'The refund', email: 'The message' } as const;

/** The sentence of a reason why something needs a person. */
export function attentionReasonText(reason: AttentionReason): string {
  switch (reason.code) {
    case 'event_differs':
      return `${reason.type} (${reason.eventId}) is about order ${reason.orderId} but names another session, charge, amount, currency or mode. Nothing was changed.`;
    case 'event_failed':
      return `${reason.type} (${reason.eventId}) cannot be ingested: ${reason.error}`;
    case 'event_version':
      return `Payment messages come in version ${reason.version} of the provider's format. This shop reads ${reason.expected}. They were handled as usual, but their fields may mean something else. Register the webhook with version ${reason.expected}, as docs/PAYMENTS.md says.`;
    case 'charge_disputed':
      return `The buyer disputes the charge ${reason.transactionId}. Answer at the payment provider.`;
    case 'overdue':
      return reason.work === 'shipment'
        ? 'It is paid, and not everything has been shipped by the day that its buyer was told. Ship it below, or refund it.'
        : `${overdueWork[reason.work]} is due and not done yet. The shop goes on trying.`;
    case 'unknown_order':
      return unknownPaymentText(reason);
    case 'engine_failed':
      return `${reason.name} (${reason.workflowId}) ${reason.step === null ? 'was given up' : `failed in its step ${reason.step}`}. Correct the cause, then run it again as docs/OPERATING.md says.`;
    case 'payment_unknown':
      return 'The provider does not say whether it was paid. Its units stay held.';
    case 'workflow_failed':
      return reason.error;
    case 'restarted_too_often':
      return `Its workflow ended badly ${reason.failures} times.`;
    case 'refund_refused':
      return `The provider refuses: ${reason.message}`;
    case 'refund_exceeds_charge':
      return `The provider has only ${reason.leftCents} of the charge left.`;
    case 'refund_unconfirmed':
      return reason.error;
    case 'refund_made_twice':
      return `The provider has made it (${reason.providerRefundId}) although it was resolved as made by other means. If it was, the buyer has the money twice.`;
    case 'email_refused':
      return `The mail server refuses: ${reason.message}`;
    case 'email_not_sent':
      return `Not sent after ${reason.attempts} tries: ${reason.error}`;
    case 'accounts_wrong':
      return 'Sums of stock or money contradicted each other.';
    case 'cancellation_asked':
      return `The buyer wants to cancel the order: “${reason.message}”`;
    case 'return_asked':
      return `The buyer wants to return the order: “${reason.message}”`;
  }
}

function unknownPaymentText({
  orderId,
  amountCents,
  currency,
  transactionId,
  email,
}: UnknownPayment): string {
  const known = amountCents !== null && currency !== null;
  const amount = known ? formatMoney({ cents: amountCents, currency }) : 'An unknown amount';
  const payer = email === null ? 'a buyer without an e-mail address' : email;
  return `${amount} was paid by ${payer} for order ${orderId ?? 'without a number'}, which is not in this database. Refund the charge ${transactionId} at the payment provider, or deliver by hand.`;
}

/** How often an item that is listed once has happened. */
export function attentionTimesWords(count: number): string {
  return `${count} times; this is the newest.`;
}

/** The result of an action. The query parameter `outcome` names one of them. */
export const outcomeWords = {
  retried: { sign: 'done', text: 'It is being tried again. If it fails again, it comes back here.' },
  resolved: { sign: 'done', text: 'Resolved, and off the list.' },
  gone: { sign: 'ended', text: 'That item is not open any more: it was tried again or resolved.' },
  reconciled: { sign: 'done', text: 'Reconciled. Stock and money were added up again.' },
  reconciling: {
    sign: 'open',
    text: 'The reconciliation is still running. The table below shows its result once it is there.',
  },
  not_compared: {
    sign: 'ended',
    text: 'Our own records are reconciled. The payment service could not be compared with; the log says why.',
  },
} as const;

/** The fault of an empty or too long resolution. */
export const resolutionFault = 'Say in 1 to 200 characters how it was resolved.';

/** How many orders contradict their payments. */
export function contradictionWords(count: number): string {
  if (count === 0) return 'No order contradicts its payment.';
  return count === 1 ? '1 order contradicts its payment.' : `${count} orders contradict their payments.`;
}

/** The scopes of reconciliation. */
export const scopeWords = { shop: 'Our own records', provider: 'The payment service' } as const;

/** The kinds of repairs of reconciliation, singular and plural. */
export const repairWords: Readonly<Record<string, readonly [one: string, many: string]>> = {
  restarted: ['piece of work begun again', 'pieces of work begun again'],
  events_placed: ['late message placed', 'late messages placed'],
  missed_events: ['missed message taken in', 'missed messages taken in'],
  missed_payments: ['missed payment taken in', 'missed payments taken in'],
  unknown_payments: ['payment without an order listed', 'payments without an order listed'],
  sessions_ended: ['payment page ended', 'payment pages ended'],
};

/** That there was nothing to put right. */
export const nothingRepaired = 'Nothing';

/** Whether the units of a refunded order go back into stock. */
export const restockWords = {
  usual: 'Back into stock if they are paid back and were not shipped',
  yes: 'Back into stock, also if they were shipped',
  no: 'Not into stock',
} as const;

/** Units of a line that can be refunded. */
export function refundUnitsWords(product: string, count: number, wasShipped: boolean): string {
  return `${product}, of ${count} ${wasShipped ? 'shipped' : 'not shipped'}`;
}

/** The lines of which nothing can be refunded any more. */
export function refundedLineWords(product: string): string {
  return `${product}: all refunded`;
}

/** Everything that is left of a payment, as a choice of a refund. */
export function refundAllWords(amount: string): string {
  return `All that is left, ${amount}`;
}

/** The delivery of an order, as a part of a refund. */
export function refundDeliveryWords(amount: string): string {
  return `The delivery, ${amount}`;
}

/** A refund, as it stands, after the name of its order. */
export function refundStateWords(refundId: number, amount: string | null, made: boolean): string {
  if (amount === null)
    return `: refund no. ${refundId} is recorded. Its units cost nothing, so no money goes back.`;
  return made
    ? `: refund no. ${refundId}, ${amount}, was made.`
    : `: refund no. ${refundId}, ${amount}, is promised. The payment service is asked for it now.`;
}

/** Faults of the refund form. `{example}` and `{left}` are amounts. */
export const refundFaults = {
  order_unreadable: { field: 'order', text: 'An order number is a whole number, such as 7.' },
  unknown_order: { field: 'order', text: 'There is no such order, or it was never to be paid.' },
  not_refundable: { field: 'order', text: 'It is not paid, or all of it was promised back already.' },
  amount_unreadable: { field: 'amount', text: 'Write an amount above zero, such as {example}.' },
  refund_too_large: { field: 'amount', text: 'At most {left} of this order can still be paid back.' },
  refund_indivisible: { field: 'amount', text: 'The payment service pays back multiples of {example} only.' },
  chosen_twice: {
    field: 'amount',
    text: 'Write an amount, or choose units and the delivery, or all that is left.',
  },
  nothing_chosen: {
    field: 'units',
    text: 'Choose what is paid back: units, the delivery, or all that is left. Or write an amount.',
  },
  units_unreadable: { field: 'units', text: 'Write whole numbers.' },
  too_many_units: {
    field: 'units',
    text: 'That is more than can be refunded. The numbers beside the products are up to date.',
  },
  reason_unreadable: { field: 'reason', text: 'Say why in 1 to 200 characters.' },
  restock_needs_full_refund: {
    field: 'restock',
    text: 'An amount says nothing about units, so they go back only with all of the money.',
  },
  key_reused: {
    field: 'order',
    text: 'This form was sent already, with other values. It is fresh now: look again, then refund.',
  },
} as const;
