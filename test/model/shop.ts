import { allowedFrom, type CancelReason, type OrderStatus } from '../../src/domain/order.ts';
import {
  cancelReasonOf,
  decideEvent,
  decidePayment,
  decideUnknown,
  type EventOutcome,
  isAbout,
  isLatePaymentWanted,
  isUnpaid,
  isWaiting,
  type KnownPayment,
  type PaymentEvent,
  type PaymentState,
} from '../../src/domain/payment.ts';
import { decideRefund, isRestockedByDefault, type RefundTerms } from '../../src/domain/refund.ts';
import { eventOf, totalCents } from './provider.ts';

// Our rows about one order, and one function for each transaction of src/database/transactions that writes them. The rules of src/domain
// decide; these functions only write as the statements do.

/** Units of the product in the order. */
export const quantity = 1;

/** The row of the product that all orders share. */
export interface Stock {
  available: number;
}

/** A row of `refunds`. */
export interface Refund {
  readonly by: 'operator' | 'late' | 'external';
  amountCents: number;
  made: boolean;
}

/** The rows of an order and its payment, with their history. */
export interface Shop {
  status: OrderStatus | 'none';
  reason: CancelReason | null;
  state: PaymentState | 'none';
  hasSession: boolean;
  hasCharge: boolean;
  holdExpired: boolean;
  cancelAsked: boolean;
  refundedCents: number;
  returned: number;
  disputed: boolean;
  readonly refunds: Refund[];
  /** The outcomes of the events that were recorded. */
  inbox: Readonly<Record<string, EventOutcome>>;
}

/** A shop without a row of the order. */
export const newShop: Shop = {
  status: 'none',
  reason: null,
  state: 'none',
  hasSession: false,
  hasCharge: false,
  holdExpired: false,
  cancelAsked: false,
  refundedCents: 0,
  returned: 0,
  disputed: false,
  refunds: [],
  inbox: {},
};

/** Units that the order has taken from stock, as the view `stock_accounts` counts them: held, or sold and not returned. */
export function unitsOf({ status, returned }: Shop): { held: number; sold: number } {
  const isSold = status === 'paid' || status === 'dispatched' || status === 'refunded';
  return { held: status === 'pending' ? quantity : 0, sold: isSold ? quantity - returned : 0 };
}

/** Whether an event of this outcome is decided again later. */
export function isDeferred(outcome: EventOutcome | undefined): boolean {
  return outcome === 'too_early' || outcome === 'unknown_order';
}

/** The payment as a decision gets it; undefined when the order has none. */
function knownPayment(shop: Shop): KnownPayment | undefined {
  const { status, state, refundedCents } = shop;
  if (status === 'none' || state === 'none') return undefined;
  return {
    state,
    correlationToken: 'ours',
    sessionId: shop.hasSession ? 'cs_1' : null,
    transactionId: shop.hasCharge ? 'pi_1' : null,
    amountCents: totalCents,
    refundedCents,
    currency: 'USD',
    live: false,
    orderStatus: status,
  };
}

/** `placeOrder`: holds the units, or records the refusal. */
export function placeOrder(shop: Shop, stock: Stock): 'placed' | 'refused' {
  if (stock.available < quantity) {
    Object.assign(shop, { status: 'cancelled', reason: 'out_of_stock' });
    return 'refused';
  }
  stock.available -= quantity;
  Object.assign(shop, { status: 'pending', state: 'creating' });
  return 'placed';
}

/** `recordSession`: a session that is recorded already stays, and an order that was cancelled gets none. */
export function recordSession(shop: Shop): void {
  if (shop.hasSession || shop.state === 'none' || shop.state === 'expired') return;
  if (shop.state === 'creating') shop.state = 'open';
  shop.hasSession = true;
}

/** `recordPaidSession`, with the refunds of the provider's answer. */
export function recordPaidSession(shop: Shop, refundedCents: number): void {
  if (shop.status !== 'pending' || shop.state === 'none') return;
  if (isUnpaid(shop.state)) Object.assign(shop, { state: 'paid', hasCharge: true });
  const isKnown = Object.keys(shop.inbox).some((name) => name.startsWith('asked'));
  if (refundedCents > 0 && !isKnown) recordEvent(shop, `asked ${refundedCents}`, 'too_early');
}

/** `settleOrCancel`. */
export function settleOrCancel(
  shop: Shop,
  stock: Stock,
  sessionEnded: CancelReason | null,
): 'waiting' | 'over' {
  const payment = expectPayment(shop);
  switch (decidePayment(payment, sessionEnded !== null)) {
    case 'wait':
      return 'waiting';
    case 'settle':
      shop.state = 'settled';
      move(shop, 'pay', 'paid');
      return 'over';
    case 'cancel':
      shop.state = 'expired';
      cancelOrder(shop, stock, cancelReasonOf(shop, sessionEnded));
      return 'over';
    case 'nothing':
      return 'over';
  }
}

/** `cancelOrder` and `releaseStock`; an order that is no longer pending stays as it is. */
function cancelOrder(shop: Shop, stock: Stock, reason: CancelReason): void {
  if (!isAllowed(shop, 'cancel')) return;
  Object.assign(shop, { status: 'cancelled', reason: shop.cancelAsked ? 'cancelled_by_shopper' : reason });
  stock.available += quantity;
}

/** `ingestPaymentEvent`: records an event once. */
export function ingestEvent(shop: Shop, stock: Stock, name: string): void {
  if (shop.inbox[name] === undefined) decideAndApply(shop, stock, name);
}

/** `retryDeferredEvent`. */
export function retryEvent(shop: Shop, stock: Stock, name: string): void {
  if (isDeferred(shop.inbox[name])) decideAndApply(shop, stock, name);
}

/** The outcome of an event, as `decideLocked` finds it. */
export function decide(shop: Shop, event: PaymentEvent): ReturnType<typeof decideEvent> {
  // A dispute names the charge alone.
  const isFound = event.orderId !== null || (shop.hasCharge && event.transactionId === 'pi_1');
  const known = isFound ? knownPayment(shop) : undefined;
  return known && isAbout(event, known)
    ? decideEvent(event, known)
    : decideUnknown(event, 'https://shop.example');
}

function decideAndApply(shop: Shop, stock: Stock, name: string): void {
  const event = eventOf(name);
  const decision = decide(shop, event);
  recordEvent(shop, name, decision.outcome);
  if ('nextState' in decision) {
    // The end of a session has no charge.
    if (decision.nextState === 'settled' && event.transactionId !== null) settle(shop);
    else {
      shop.state = 'expired';
      cancelOrder(shop, stock, cancelReasonOf(shop));
    }
  } else if ('externalRefundCents' in decision) {
    recordExternalRefund(shop, stock, decision.externalRefundCents);
  } else if ('disputed' in decision) {
    shop.disputed = true;
  } else if (decision.outcome === 'late') {
    settleLatePayment(shop, stock);
  }
}

/** `settleLockedPayment`, and `settlePayment` after its comparison. */
function settle(shop: Shop): void {
  Object.assign(shop, { state: 'settled', hasCharge: true });
  move(shop, 'pay', 'paid');
}

/** The payment as `settleAtOnce` reads it without a lock. */
export type ReadPayment = Pick<Shop, 'state' | 'hasSession'>;

/** The first half of `settleAtOnce`: reads and decides; null when the payment takes the longer path. */
export function readForSettling(shop: Shop, name: string): ReadPayment | null {
  const { state, hasSession } = shop;
  if (state === 'none' || !isWaiting(state) || !('nextState' in decide(shop, eventOf(name)))) return null;
  return { state, hasSession };
}

/** The second half, `settlePayment`: settles unless the row has changed since it was read, and takes the longer path then. */
export function settleAsRead(shop: Shop, stock: Stock, name: string, read: ReadPayment): void {
  const isUnchanged = shop.state === read.state && shop.hasSession === read.hasSession;
  if (isUnchanged && shop.inbox[name] === undefined && isAllowed(shop, 'pay')) {
    recordEvent(shop, name, 'applied');
    settle(shop);
  } else ingestEvent(shop, stock, name);
}

/** `settleLatePayment`: reserves the units again, or promises a full refund. */
function settleLatePayment(shop: Shop, stock: Stock): void {
  shop.hasCharge = true;
  if (isLatePaymentWanted(shop.reason) && stock.available >= quantity) {
    stock.available -= quantity;
    Object.assign(shop, { state: 'settled', reason: null });
    move(shop, 'payLate', 'paid');
    return;
  }
  if (!isAllowed(shop, 'payLate')) throw new Error('A late payment of an order that is not cancelled.');
  countRefund(shop, totalCents);
  shop.refunds.push({ by: 'late', amountCents: totalCents, made: false });
}

/** `recordExternalRefund`. */
function recordExternalRefund(shop: Shop, stock: Stock, amountCents: number): void {
  const isFull = shop.refundedCents + amountCents === totalCents;
  if (isRestockedByDefault(expectPayment(shop).orderStatus, isFull)) returnStock(shop, stock);
  countRefund(shop, amountCents);
  shop.refunds.push({ by: 'external', amountCents, made: true });
  finishRefund(shop);
}

/** `requestRefund`, under a request key of its own. */
export function requestRefund(shop: Shop, stock: Stock, terms: RefundTerms): void {
  const payment = knownPayment(shop);
  const decision = payment && decideRefund(terms, payment);
  if (decision === undefined || typeof decision === 'string') return;
  if (decision.restock) returnStock(shop, stock);
  countRefund(shop, decision.amountCents);
  shop.refunds.push({ by: 'operator', amountCents: decision.amountCents, made: false });
}

/** `shrinkRefund`, when the provider has less left of the charge than a refund. @returns whether it did */
export function shrinkRefund(shop: Shop, refund: Refund, leftCents: number): boolean {
  if (shop.state !== 'refund_due' || refund.made || refund.amountCents <= leftCents) return false;
  const amountCents = refund.amountCents - leftCents;
  refund.amountCents = leftCents;
  shop.refunds.push({ by: 'external', amountCents, made: true });
  finishRefund(shop);
  return true;
}

/** `markRefundMade`, and the resolution of its attention item. */
export function markRefundMade(shop: Shop, refund: Refund): void {
  if (refund.made) return;
  refund.made = true;
  finishRefund(shop);
}

/** `dispatchOrder`. */
export function dispatchOrder(shop: Shop): void {
  const hasDeferred = Object.values(shop.inbox).includes('too_early');
  if (shop.state === 'settled' && !hasDeferred && isAllowed(shop, 'dispatch')) shop.status = 'dispatched';
}

function countRefund(shop: Shop, amountCents: number): void {
  shop.refundedCents += amountCents;
  if (shop.refundedCents === totalCents) shop.state = 'refund_due';
}

function finishRefund(shop: Shop): void {
  if (shop.state !== 'refund_due' || shop.refunds.some(({ made }) => !made)) return;
  shop.state = 'refunded';
  // The units of a cancelled order were released when it was cancelled.
  if (shop.status === 'cancelled') shop.returned = quantity;
  if (isAllowed(shop, 'refund')) shop.status = 'refunded';
}

function returnStock(shop: Shop, stock: Stock): void {
  stock.available += quantity - shop.returned;
  shop.returned = quantity;
}

function recordEvent(shop: Shop, name: string, outcome: EventOutcome): void {
  // Sorted, so that the order of arrival makes no difference where the outcomes are the same.
  const outcomes = Object.entries({ ...shop.inbox, [name]: outcome });
  shop.inbox = Object.fromEntries(outcomes.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isAllowed({ status }: Shop, verb: keyof typeof allowedFrom): boolean {
  const from: readonly string[] = allowedFrom[verb];
  return from.includes(status);
}

function move(shop: Shop, verb: keyof typeof allowedFrom, to: OrderStatus): void {
  if (!isAllowed(shop, verb)) throw new Error(`${verb} moves no order that is ${shop.status}.`);
  shop.status = to;
}

function expectPayment(shop: Shop): KnownPayment {
  const payment = knownPayment(shop);
  if (!payment) throw new Error('The order has no payment.');
  return payment;
}
