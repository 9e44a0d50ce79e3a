import type { OrderStatus } from '../../src/domain/order.ts';
import type { PaymentState } from '../../src/domain/payment.ts';
import type { Order } from './actions.ts';
import { foreignEvents, isSessionPayable, leftOfCharge, totalCents } from './provider.ts';
import { decide, isDeferred, quantity, type Shop, unitsOf } from './shop.ts';

// The promises of README for one order. Each function returns the first promise that is broken, in words; undefined when all hold.

type Rule<Subject> = readonly [promise: string, holds: (subject: Subject) => boolean];

function firstBroken<Subject>(rules: readonly Rule<Subject>[], subject: Subject): string | undefined {
  return rules.find(([, holds]) => !holds(subject))?.[0];
}

const statesOf: Readonly<Record<OrderStatus, readonly (PaymentState | 'none')[]>> = {
  pending: ['creating', 'open', 'paid'],
  cancelled: ['none', 'expired', 'refund_due'],
  paid: ['settled', 'refund_due'],
  dispatched: ['settled', 'refund_due'],
  refunded: ['refunded'],
};

const rules: readonly Rule<Order>[] = [
  [
    'one order has one session and is charged once',
    ({ provider }) => provider.sessions <= 1 && provider.charges <= 1,
  ],
  ['no more than the charge goes back', ({ provider }) => leftOfCharge(provider) >= 0],
  [
    'status and payment fit',
    ({ shop }) => shop.status === 'none' || statesOf[shop.status].includes(shop.state),
  ],
  ['an order is paid only after its charge', ({ shop, provider }) => !isPaid(shop) || provider.charges === 1],
  ['no more than the charge is promised back', ({ shop }) => shop.refundedCents <= totalCents],
  [
    'promised refunds are the sum of all refunds',
    ({ shop }) => shop.refundedCents === sumOf(shop, () => true),
  ],
  [
    'a refund counts as made only after the provider made it',
    ({ shop, provider }) => sumOf(shop, ({ made }) => made) <= provider.refundedCents,
  ],
  [
    'an external refund counts once',
    ({ shop, provider }) => sumOf(shop, ({ by }) => by === 'external') <= provider.externalCents,
  ],
  [
    'a payment is being refunded when all of it is promised back',
    ({ shop }) => isRefunding(shop) === (shop.refundedCents === totalCents),
  ],
  [
    'shipped units are not in stock',
    ({ shop, ...order }) => !order.isShipped || order.isRestockAsked || shop.returned === 0,
  ],
  ['units return at most once', ({ shop }) => shop.returned <= quantity],
  [
    'a cancelled order cannot be paid',
    ({ shop, provider, isUnavailable }) =>
      shop.status !== 'cancelled' || isUnavailable || !isSessionPayable(provider),
  ],
  ['a checkout ends with its order', ({ phase, shop }) => phase !== 'over' || shop.status !== 'pending'],
  ['an event of ours fits', ({ shop }) => !Object.values(shop.inbox).includes('mismatch')],
  [
    'an event of other money changes nothing',
    ({ shop, provider }) =>
      provider.events.every((name) =>
        foreignEvents(name).every((event) => !['applied', 'late'].includes(decide(shop, event).outcome)),
      ),
  ],
];

/** Checks the promises that hold at every instant. */
export function brokenPromise(order: Order): string | undefined {
  return firstBroken(rules, order);
}

const transitions: ReadonlySet<string> = new Set([
  'none pending',
  'none cancelled',
  'pending paid',
  'pending cancelled',
  'paid dispatched',
  'cancelled paid',
  'paid refunded',
  'dispatched refunded',
  'cancelled refunded',
]);

const changeRules: readonly Rule<{ before: Shop; after: Shop }>[] = [
  [
    'an order takes the documented transitions',
    ({ before, after }) =>
      before.status === after.status || transitions.has(`${before.status} ${after.status}`),
  ],
  [
    'an order is cancelled unpaid',
    ({ before, after }) =>
      before.status !== 'pending' || after.status !== 'cancelled' || after.state === 'expired',
  ],
  [
    'nobody gets the order that they cancelled',
    ({ before, after }) => before.status !== 'cancelled' || after.status !== 'paid' || !before.cancelAsked,
  ],
  [
    'an order is shipped with its money and its units',
    ({ before, after }) =>
      before.status !== 'paid' ||
      after.status !== 'dispatched' ||
      (after.refundedCents < totalCents && after.returned === 0),
  ],
  [
    'a decided event is not decided again',
    ({ before, after }) =>
      Object.entries(before.inbox).every(
        ([name, outcome]) => isDeferred(outcome) || after.inbox[name] === outcome,
      ),
  ],
  [
    'a refund that was made stays',
    ({ before, after }) =>
      before.refunds.every(({ made }, index) => !made || after.refunds[index]?.made === true),
  ],
];

/** Checks the promises about one change. */
export function brokenByChange(before: Shop, after: Shop): string | undefined {
  return firstBroken(changeRules, { before, after });
}

const endRules: readonly Rule<Order>[] = [
  ['every order ends', ({ shop }) => ['none', 'dispatched', 'cancelled', 'refunded'].includes(shop.status)],
  ['no units stay held', ({ shop }) => unitsOf(shop).held === 0],
  [
    'who was charged gets the goods or all of the money',
    ({ shop, provider }) =>
      provider.charges === 0 || shop.status === 'dispatched' || leftOfCharge(provider) === 0,
  ],
  [
    'nobody keeps goods for nothing',
    ({ shop, provider }) => shop.status !== 'dispatched' || leftOfCharge(provider) > 0,
  ],
  [
    'a charge is not forgotten',
    ({ shop, provider }) =>
      provider.charges === 0 ? !isPaid(shop) && shop.status !== 'refunded' : shop.status !== 'cancelled',
  ],
  [
    'our refunds are those of the provider',
    ({ shop, provider }) => shop.refundedCents === provider.refundedCents,
  ],
  ['every refund is made', ({ shop }) => shop.refunds.every(({ made }) => made)],
  [
    'every event is decided',
    ({ shop, provider }) =>
      provider.events.every((name) => shop.inbox[name] !== undefined) &&
      !Object.values(shop.inbox).some(isDeferred),
  ],
  ['a dispute is listed', ({ shop, provider }) => shop.disputed === provider.disputed],
  ['no session stays payable', ({ provider }) => !isSessionPayable(provider)],
];

/** Checks the promises that hold once nothing is left to do. */
export function brokenAtEnd(order: Order): string | undefined {
  return firstBroken(endRules, order);
}

function isPaid({ status }: Shop): boolean {
  return status === 'paid' || status === 'dispatched';
}

function isRefunding({ state }: Shop): boolean {
  return state === 'refund_due' || state === 'refunded';
}

function sumOf({ refunds }: Shop, counts: (refund: Shop['refunds'][number]) => boolean): number {
  return refunds.filter(counts).reduce((sum, { amountCents }) => sum + amountCents, 0);
}
