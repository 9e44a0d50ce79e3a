// Stripe's API beyond sessions: payment intents, charges, refunds, events, and lists.
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  refused,
  startTestSimulator,
  stripeClient,
  type TestSimulator,
} from '../support/stripe-simulator.ts';

let simulator: TestSimulator;
let stripe: Stripe;

beforeAll(async () => {
  simulator = await startTestSimulator();
  stripe = simulator.stripe;
});

afterAll(() => simulator.close());

const { StripeInvalidRequestError, StripeAuthenticationError, StripeIdempotencyError } = Stripe.errors;

async function paid(reference: string): Promise<{ id: string; intent: string }> {
  const id = await simulator.open(reference, { payment_intent_data: { metadata: { order_id: reference } } });
  return { id, intent: await simulator.pay(id) };
}

describe('Payment intents and charges', () => {
  test('a paid session leads to its intent and its charge, all with the metadata of the payment', async () => {
    const { id, intent } = await paid('i-1');
    const expanded = await stripe.checkout.sessions.retrieve(id, {
      expand: ['payment_intent.latest_charge'],
    });
    const shared = { amount: 19_998, currency: 'usd', metadata: { order_id: 'i-1' }, status: 'succeeded' };
    expect(expanded.payment_intent).toMatchObject({
      ...shared,
      id: intent,
      object: 'payment_intent',
      latest_charge: {
        object: 'charge',
        amount_refunded: 0,
        refunded: false,
        disputed: false,
        payment_intent: intent,
      },
    });
    const retrieved = await stripe.paymentIntents.retrieve(intent);
    expect(retrieved).toMatchObject({ ...shared, latest_charge: expect.stringMatching(/^ch_/) });
    const charge = await stripe.charges.retrieve(retrieved.latest_charge as string);
    expect(charge).toMatchObject({ ...shared, id: retrieved.latest_charge, captured: true });
  });

  test('an open session has no intent to expand', async () => {
    const id = await simulator.open('i-2');
    const session = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    expect(session.payment_intent).toBeNull();
  });

  test('names that cannot be expanded and unknown parameters are refused by name', async () => {
    const id = await simulator.open('i-3');
    const expand = await refused(stripe.checkout.sessions.retrieve(id, { expand: ['customer'] }));
    expect(expand).toMatchObject({ statusCode: 400, param: 'expand[0]' });
    const unknown = await refused(stripe.checkout.sessions.list({ surname: 'x' } as object));
    expect(unknown).toMatchObject({ code: 'parameter_unknown', param: 'surname' });
  });

  test.each(['paymentIntents', 'charges', 'refunds', 'events'] as const)(
    'an unknown one of %s is missing',
    async (kind) => {
      for (const id of ['xx_1', 'pi_1\0']) {
        const error = await refused(stripe[kind].retrieve(id));
        expect(error).toBeInstanceOf(StripeInvalidRequestError);
        expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' });
      }
    },
  );

  test('every route needs the key', async () => {
    const stranger = stripeClient(simulator.port, 'sk_test_other');
    const calls = [stranger.charges.retrieve('ch_1'), stranger.refunds.list(), stranger.events.list()];
    for (const call of calls) expect(await refused(call)).toBeInstanceOf(StripeAuthenticationError);
  });
});

describe('Lists', () => {
  test('show the newest sessions first, forwards, backwards and by automatic paging', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) ids.unshift(await simulator.open(`l-${count}`));
    const idsOf = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id);

    const first = await stripe.checkout.sessions.list({ limit: 3 });
    expect(first).toMatchObject({ object: 'list', url: '/v1/checkout/sessions', has_more: true });
    expect(idsOf(first)).toEqual(ids.slice(0, 3));
    const next = await stripe.checkout.sessions.list({ limit: 3, starting_after: ids[2]! });
    expect(idsOf(next)).toEqual(ids.slice(3, 6));
    const back = await stripe.checkout.sessions.list({ limit: 2, ending_before: ids[3]! });
    expect([idsOf(back), back.has_more]).toEqual([ids.slice(1, 3), true]);
    const newest = await stripe.checkout.sessions.list({ ending_before: ids[1]! });
    expect([idsOf(newest), newest.has_more]).toEqual([ids.slice(0, 1), false]);

    const all = await stripe.checkout.sessions.list({ limit: 2 }).autoPagingToArray({ limit: 1_000 });
    expect(all.map(({ id }) => id).slice(0, 7)).toEqual(ids);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test('filter by payment intent and by time', async () => {
    const { id, intent } = await paid('l-f');
    const { created } = await stripe.checkout.sessions.retrieve(id);
    const listed = await stripe.checkout.sessions.list({ payment_intent: intent });
    expect(listed.data).toMatchObject([{ id, payment_status: 'paid' }]);
    const at = await stripe.checkout.sessions.list({
      created: { gte: created, lt: created + 1 },
      limit: 100,
    });
    expect(at.data.map((session) => session.id)).toContain(id);
    expect((await stripe.checkout.sessions.list({ created: { gt: created + 60 } })).data).toEqual([]);
  });

  test.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 101 }, 'limit'],
    [{ starting_after: 'cs_unknown' }, 'starting_after'],
    [{ starting_after: 'a\0b' }, 'starting_after'],
    [{ starting_after: 'cs_1', ending_before: 'cs_2' }, 'ending_before'],
    [{ created: { around: 5 } }, 'created[around]'],
  ])('%o is refused', async (parameters, param) => {
    expect(await refused(stripe.checkout.sessions.list(parameters as object))).toMatchObject({ param });
  });
});

describe('Refunds', () => {
  test('refunds of parts and of the rest leave nothing; each event has the sum so far', async () => {
    const { id, intent } = await paid('r-1');
    const part = await stripe.refunds.create({
      payment_intent: intent,
      amount: 1_000,
      metadata: { order_id: 'r-1' },
    });
    expect(part).toMatchObject({
      object: 'refund',
      id: expect.stringMatching(/^re_/),
      amount: 1_000,
      currency: 'usd',
      payment_intent: intent,
      charge: expect.stringMatching(/^ch_/),
      status: 'succeeded',
      metadata: { order_id: 'r-1' },
    });
    const rest = await stripe.refunds.create({ payment_intent: intent, reason: 'requested_by_customer' });
    expect(rest).toMatchObject({ amount: 18_998, reason: 'requested_by_customer' });
    const again = await refused(stripe.refunds.create({ payment_intent: intent }));
    expect(again).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' });

    expect(await stripe.refunds.retrieve(part.id)).toMatchObject({ ...part });
    const listed = await stripe.refunds
      .list({ payment_intent: intent, limit: 1 })
      .autoPagingToArray({ limit: 10 });
    expect(listed.map((refund) => refund.id)).toEqual([rest.id, part.id]);
    expect(await stripe.charges.retrieve(part.charge as string)).toMatchObject({
      amount_refunded: 19_998,
      refunded: true,
    });
    const events = await eventually(
      () =>
        simulator.receiver.received.filter(
          ({ body }) => body.includes(intent) && body.includes('charge.refunded'),
        ),
      (received) => received.length === 2,
    );
    const sums = events.map(
      ({ body }) => (JSON.parse(body) as Stripe.ChargeRefundedEvent).data.object.amount_refunded,
    );
    expect(sums.toSorted((left, right) => left - right)).toEqual([1_000, 19_998]);
    const ledger = await simulator.send('GET', '/ledger?limit=1000');
    expect(ledger.body['refunds']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          id: part.id,
          session_id: id,
          amount: 1_000,
          metadata: { order_id: 'r-1' },
        }),
      ]),
    );
    expect(ledger.body['charges']).toEqual(
      expect.arrayContaining([expect.objectContaining({ payment_intent: intent, amount_refunded: 19_998 })]),
    );
  });

  test('twenty at once never take more than was charged', async () => {
    const { intent } = await paid('r-2');
    const tries = Array.from({ length: 20 }, () =>
      stripe.refunds.create({ payment_intent: intent, amount: 5_000 }),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refunds = await stripe.refunds.list({ payment_intent: intent });
    expect(refunds.data.map(({ amount }) => amount)).toEqual([5_000, 5_000, 5_000]);
  });

  test('the same key refunds once, and with another amount it is an idempotency error', async () => {
    const { intent } = await paid('r-3');
    const create = (amount: number) =>
      stripe.refunds.create({ payment_intent: intent, amount }, { idempotencyKey: 'refund_r-3' });
    const first = await create(700);
    const second = await create(700);
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await refused(create(800))).toBeInstanceOf(StripeIdempotencyError);
    expect((await stripe.refunds.list({ payment_intent: intent })).data).toHaveLength(1);
  });

  test('more than was charged, or than is left, is refused', async () => {
    const { intent } = await paid('r-4');
    const refund = (amount: number) => refused(stripe.refunds.create({ payment_intent: intent, amount }));
    expect(await refund(19_999)).toMatchObject({ statusCode: 400, param: 'amount' });
    await stripe.refunds.create({ payment_intent: intent, amount: 19_997 });
    expect(await refund(2)).toMatchObject({ type: 'StripeInvalidRequestError', param: 'amount' });
  });

  test.each([0, -5, 1.5])('an amount of %d is refused', async (amount) => {
    const { intent } = await paid(`r-5${amount}`);
    const error = await refused(stripe.refunds.create({ payment_intent: intent, amount }));
    expect(error).toMatchObject({ statusCode: 400, param: 'amount' });
  });

  test('a part that the currency does not have is refused, and the rest is paid back', async () => {
    const price_data = { currency: 'kwd', unit_amount: 6_490, product_data: { name: 'Cleat' } };
    const id = await simulator.open('r-7', { line_items: [{ price_data, quantity: 1 }] });
    const intent = await simulator.pay(id);
    const refund = (amount?: number) =>
      stripe.refunds.create({ payment_intent: intent, ...(amount && { amount }) });
    expect(await refused(refund(1_234))).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(await refund(1_230)).toMatchObject({ amount: 1_230, currency: 'kwd' });
    expect(await refund()).toMatchObject({ amount: 5_260 });
  });

  test('unpaid and unknown payment intents cannot be refunded', async () => {
    const id = await simulator.open('r-6');
    await simulator.send('POST', `/control/sessions/${id}/complete_unpaid`);
    const unpaid = await refused(stripe.refunds.create({ payment_intent: await simulator.intentOf(id) }));
    expect(unpaid).toMatchObject({ statusCode: 400, param: 'payment_intent' });
    const unknown = await refused(stripe.refunds.create({ payment_intent: 'pi_unknown' }));
    expect(unknown).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });
});

describe('Events', () => {
  test('are listed newest first, by type and by time, and retrieved as they were sent', async () => {
    const { id } = await paid('e-1');
    const expired = await simulator.open('e-2');
    await stripe.checkout.sessions.expire(expired);
    const types = ['checkout.session.completed', 'checkout.session.expired'];
    const listed = await stripe.events.list({ types, limit: 2 });
    expect(listed.data).toMatchObject([
      { object: 'event', type: types[1], livemode: false, data: { object: { id: expired } } },
      {
        object: 'event',
        type: types[0],
        livemode: false,
        data: { object: { id, client_reference_id: 'e-1' } },
      },
    ]);
    const [completed] = (await stripe.events.list({ type: types[0]!, limit: 1 })).data;
    expect(await stripe.events.retrieve(String(completed?.id))).toMatchObject({ ...completed });
    const [sent] = await eventually(
      () => simulator.receiver.eventsAbout(id),
      (events) => events.length > 0,
    );
    expect(sent).toEqual(completed);
    const all = await stripe.events
      .list({ created: { gte: completed!.created } })
      .autoPagingToArray({ limit: 1_000 });
    expect(all.map((event) => event.id)).toContain(sent?.id);
  });
});
