import { type Mutant, promises } from './mutant.ts';

const adapter = 'src/payments/stripe/sessions.ts';
const webhook = 'src/payments/stripe/events.ts';
const payment = 'src/domain/payment.ts';
const rules = 'test/payments/rules.test.ts';
const events = 'test/payments/webhook.test.ts';
const model = { file: 'src/domain/order.search.test.ts', name: 'whatever happens in whatever order' };

/** Requests to the provider. */
export const calls: readonly Mutant[] = [
  {
    name: 'a payment session is opened without an idempotency key',
    promise: promises.once,
    file: adapter,
    from: 'stripe.checkout.sessions.create({ ...parameters, ...discounts }, { idempotencyKey })',
    to: 'stripe.checkout.sessions.create({ ...parameters, ...discounts })',
    test: { file: rules, name: 'opens one session' },
  },
  {
    name: 'the end of a session leaves its order to the workflow',
    promise: promises.stock,
    file: 'src/database/transactions/ingest-payment-event.ts',
    from: 'await cancelOrder(sql, { orderId, reason: cancelReasonOf(known) }, context);',
    to: 'cancelOrder.toString() + cancelReasonOf(known);',
    test: { file: events, name: 'cancels its order and releases the units in the commit' },
  },
  {
    name: 'a refund has a new idempotency key each time',
    promise: promises.once,
    file: 'src/payments/stripe/refunds.ts',
    from: '`refund_${order.refundId}_${order.amountCents}`',
    to: '`refund_${order.refundId}_${performance.now()}`',
    test: { file: rules, name: 'the list does not show it yet' },
  },
  {
    name: 'after a stored failure a new key is used without looking for the effect',
    promise: promises.once,
    file: 'src/payments/stripe/idempotency.ts',
    from: 'if (found) return found;',
    to: 'if (found && tries > keysPerCall) return found;',
    test: { file: rules, name: 'opens one session' },
  },
  {
    name: 'a session of another shop pays for an order of ours',
    promise: promises.authority,
    file: payment,
    from: `known.sessionId === null
      ? event.correlationToken === known.correlationToken
      :`,
    to: 'known.sessionId === null\n      ? true\n      :',
    test: { file: 'src/domain/payment.test.ts', name: 'without our correlation token' },
  },
  {
    name: 'an order is cancelled without asking the provider',
    promise: promises.charged,
    file: 'src/workflows/await-payment.ts',
    from: 'mustEnd ? await endPaymentSession(provider, order) : undefined',
    to: `mustEnd ? ({ outcome: 'ended' } as EndedSession) : undefined`,
    test: { file: 'test/payments/edges.test.ts', name: 'again and again' },
  },
];

/** Answers and events of the provider, and their effect on an order. */
export const messages: readonly Mutant[] = [
  {
    name: 'a signature may be of any age',
    promise: promises.authority,
    file: webhook,
    from: 'toleranceSeconds,\n        undefined,',
    to: '0,\n        undefined,',
    test: { file: 'src/payments/stripe/events.test.ts', name: 'a signature 301 seconds old' },
  },
  {
    name: 'an event with a wrong signature is accepted',
    promise: promises.authority,
    file: webhook,
    from: 'if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue;',
    to: `if (error instanceof Stripe.errors.StripeSignatureVerificationError) return JSON.parse(String(rawBody));`,
    test: { file: 'src/payments/stripe/events.test.ts', name: 'another secret' },
  },
  {
    name: 'a pending bank transfer counts as paid',
    promise: promises.authority,
    file: webhook,
    from: `return paymentStatus === 'paid' ? 'paid' : 'other';`,
    to: `return 'paid';`,
    test: { file: 'test/payments/edges.test.ts', name: 'a bank transfer that fails in the end is one' },
  },
  {
    name: 'any event of a session ends it',
    promise: 'a declined card, or anything else but its end, does not end a checkout',
    file: webhook,
    from: `default:
      return 'other';`,
    to: `default:
      return 'ended';`,
    test: { file: events, name: 'something else that happened' },
  },
  {
    name: 'the amount that was paid is not compared',
    promise: promises.charged,
    file: payment,
    from: 'return isSameSession(event, known) && isSameCharge(event, known)',
    to: `event = { ...event, amountCents: known.amountCents };
      return isSameSession(event, known) && isSameCharge(event, known)`,
    test: { file: events, name: 'another amount' },
  },
  {
    name: 'the currency that was paid is not compared',
    promise: promises.charged,
    file: payment,
    from: 'return isSameSession(event, known) && isSameCharge(event, known)',
    to: `event = { ...event, currency: known.currency };
      return isSameSession(event, known) && isSameCharge(event, known)`,
    test: { file: events, name: 'another currency' },
  },
  {
    name: 'test mode and live mode are not compared',
    promise: promises.charged,
    file: payment,
    from: 'return isSameSession(event, known) && isSameCharge(event, known)',
    to: `event = { ...event, live: known.live };
      return isSameSession(event, known) && isSameCharge(event, known)`,
    test: { file: 'src/domain/payment.test.ts', name: 'with another' },
  },
  {
    name: 'an event is applied each time that it is delivered',
    promise: 'an event that is delivered again changes nothing',
    file: 'src/database/transactions/ingest-payment-event.ts',
    from: 'on conflict (event_id) do nothing returning event_id',
    to: 'on conflict (event_id) do update set outcome = excluded.outcome returning event_id',
    test: { file: rules, name: 'a repeated event changes nothing' },
  },
  {
    name: 'an external refund is counted again with each event',
    promise: promises.once,
    file: payment,
    from: '(event.refundedCents ?? 0) - known.refundedCents',
    to: 'event.refundedCents ?? 0',
    test: model,
  },
];

/** A payment that comes after the order was given up. */
export const late: readonly Mutant[] = [
  {
    name: 'a late payment is ignored',
    promise: promises.charged,
    file: payment,
    from: `{ outcome: 'late' };`,
    to: `{ outcome: 'no_change' };`,
    test: model,
  },
  {
    name: 'a late payment is reserved although the units are gone',
    promise: promises.stock,
    file: 'src/database/transactions/release-stock.ts',
    from: 'from line cross join total where enough and',
    to: 'from line cross join total where',
    test: { file: events, name: 'or comes when the units are gone' },
  },
  {
    name: 'a late payment revives an order that the shopper cancelled',
    promise: promises.charged,
    file: payment,
    from: `return reason !== 'cancelled_by_shopper' &&`,
    to: 'return reason !== null &&',
    test: model,
  },
];

const oneAmount = 'the amount that is shown is the one that is charged and paid back';

/** Amounts in the provider's minor units. */
export const amounts: readonly Mutant[] = [
  {
    name: 'amounts are shown with the digits of Intl',
    promise: oneAmount,
    file: 'src/shared/money.ts',
    from: `{ ...number, style: 'currency', currency: code }`,
    to: `{ style: 'currency', currency: code }`,
    test: {
      file: 'src/shared/money.test.ts',
      name: 'has the provider’s digits, and is read as it is written',
    },
  },
  {
    name: 'a part that the provider does not pay back is promised',
    promise: promises.charged,
    file: 'src/domain/refund.ts',
    from: '!full && amountCents',
    to: 'full && amountCents',
    test: { file: 'src/domain/refund.test.ts', name: 'a part between steps' },
  },
  {
    name: 'the provider may charge in another currency',
    promise: oneAmount,
    file: adapter,
    from: 'adaptive_pricing: { enabled: false }',
    to: 'adaptive_pricing: { enabled: true }',
    test: { file: 'test/payments/currencies.test.ts', name: 'is asked for in the order’s own currency' },
  },
  {
    name: 'events of another version are not listed',
    promise: oneAmount,
    file: webhook,
    from: '!version || version === apiVersion',
    to: '!version || version !== apiVersion',
    test: { file: 'test/payments/event-version.test.ts', name: 'are one item for each version' },
  },
];
