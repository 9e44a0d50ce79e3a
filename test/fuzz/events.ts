import fc, { type Arbitrary } from 'fast-check';
import { apiVersion } from '../../src/payments/stripe/events.ts';
import { type Body, signature, spoiling } from './bodies.ts';
import { Known, nearly } from './values.ts';

// Events of the payment provider about the shop's own orders. Most of them never happened, but their signatures are right.

const ofSessions = [
  'checkout.session.completed',
  'checkout.session.expired',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
];
const ofCharges = ['charge.refunded', 'charge.dispute.created', 'charge.refund.updated'];
const deepest = 100_000;

/** Signed events. @param careless changes a part of the event, or the way in which it is signed */
export function paymentEvents(careless: boolean): Arbitrary<Body> {
  const right = events.map((json) => bodyOf({ json }));
  if (!careless) return right;
  return fc.oneof(
    { weight: 4, arbitrary: nearly(events).map((json) => bodyOf({ json })) },
    fc.tuple(right, signature).map(([body, signature]) => ({ ...body, signature })),
    fc.tuple(right, spoiling).map(([body, spoilt]) => ({ ...body, spoilt })),
    fc
      .tuple(events, fc.constantFrom(100, 5_000, deepest))
      .map(([around, nested]) => bodyOf({ nested, around })),
    fc.tuple(events, fc.constantFrom(60_000, 300_000)).map(([around, long]) => bodyOf({ long, around })),
  );
}

function bodyOf(content: Body['content']): Body {
  return { type: 'application/json', content, spoilt: null, signature: 'good' };
}

const events = fc
  .record({
    // A few ids come again: an event is recorded once.
    id: fc
      .oneof({ weight: 4, arbitrary: fc.uuid() }, fc.constantFrom('1', '2'))
      .map((id) => `evt_fuzz_${id}`),
    type: fc.constantFrom(...ofSessions, ...ofCharges, 'payment_intent.created'),
    api_version: fc.constantFrom(undefined, null, apiVersion, '2024-06-20'),
    created: fc.integer({ min: 0, max: 2 ** 33 }),
    livemode: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    nth: fc.nat({ max: 20 }),
    part: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.nat({ max: 10_000 })),
  })
  .map(({ nth, part, ...event }) => {
    const object = event.type.startsWith('checkout.') ? sessionOf(nth) : chargeOf(nth, part);
    return { ...event, object: 'event', data: { object } };
  });

function sessionOf(nth: number) {
  return {
    id: new Known('session', nth),
    object: 'checkout.session',
    client_reference_id: new Known('orderText', nth),
    amount_total: new Known('total', nth),
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: new Known('charge', nth),
    success_url: new Known('orderUrl', nth),
    customer_details: { email: 'ada@reader.example' },
    metadata: metadataOf(nth),
  };
}

function chargeOf(nth: number, refunded: number | null) {
  return {
    object: 'charge',
    amount: new Known('total', nth),
    amount_refunded: refunded ?? new Known('total', nth),
    currency: 'usd',
    payment_intent: new Known('charge', nth),
    metadata: metadataOf(nth),
  };
}

function metadataOf(nth: number) {
  return { order_id: new Known('orderText', nth), correlation_token: new Known('correlation', nth) };
}
