// The control panel's API.
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startTestSimulator, type TestSimulator } from '../support/stripe-simulator.ts';

let simulator: TestSimulator;
let stripe: Stripe;

beforeAll(async () => {
  simulator = await startTestSimulator();
  stripe = simulator.stripe;
});

afterAll(() => simulator.close());

function act(id: string, action: string, body?: object) {
  return simulator.send('POST', `/control/sessions/${id}/${action}`, body);
}

/** Waits for events about the session or its payment and returns their types, sorted. */
async function eventTypes(id: string, count: number): Promise<string[]> {
  const intent = await simulator.intentOf(id);
  const events = await eventually(
    () => simulator.receiver.eventsAbout(intent),
    (received) => received.length >= count,
  );
  return events.map(({ type }) => type).toSorted();
}

describe('A session', () => {
  test('is disputed once', async () => {
    const id = await simulator.open('c-1');
    expect((await act(id, 'dispute')).status).toBe(400);
    const intent = await simulator.pay(id);
    expect((await act(id, 'dispute')).body).toMatchObject({
      object: 'dispute',
      id: expect.stringMatching(/^dp_/),
      amount: 19_998,
      payment_intent: intent,
      charge: expect.stringMatching(/^ch_/),
      reason: 'fraudulent',
      status: 'needs_response',
    });
    expect((await act(id, 'dispute')).status).toBe(400);
    expect(await eventTypes(id, 2)).toEqual(['charge.dispute.created', 'checkout.session.completed']);
    const expanded = await stripe.paymentIntents.retrieve(intent, { expand: ['latest_charge'] });
    expect(expanded.latest_charge).toMatchObject({ disputed: true });
  });

  test('is refunded, in part and then the rest', async () => {
    const id = await simulator.open('c-2');
    expect((await act(id, 'refund')).status).toBe(400);
    await simulator.pay(id);
    expect((await act(id, 'refund', { amount: 98 })).body).toMatchObject({ object: 'refund', amount: 98 });
    expect((await act(id, 'refund')).body).toMatchObject({ amount: 19_900 });
    expect((await act(id, 'refund')).body).toMatchObject({ error: { code: 'charge_already_refunded' } });
    expect(await eventTypes(id, 3)).toEqual([
      'charge.refunded',
      'charge.refunded',
      'checkout.session.completed',
    ]);
  });

  test('that has expired can be paid late', async () => {
    const id = await simulator.open('c-3');
    expect((await act(id, 'late_payment')).status).toBe(400);
    await stripe.checkout.sessions.expire(id);
    expect((await act(id, 'late_payment')).body).toMatchObject({
      id,
      status: 'complete',
      payment_status: 'paid',
    });
    await eventually(
      () => simulator.receiver.typesAbout(id),
      (types) => types.toSorted().join() === 'checkout.session.completed,checkout.session.expired',
    );
    const { body } = await simulator.send('GET', '/ledger?limit=1000');
    expect(body['charges']).toEqual(expect.arrayContaining([expect.objectContaining({ session_id: id })]));
  });

  test.each([
    ['succeeded', 'paid', 'succeeded'],
    ['failed', 'unpaid', 'requires_payment_method'],
  ])('completed without money is settled later: %s', async (outcome, paymentStatus, intentStatus) => {
    const id = await simulator.open(`c-4-${outcome}`);
    const started = await act(id, 'complete_unpaid');
    expect(started.body).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
    const retrieve = () => stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    expect((await retrieve()).payment_intent).toMatchObject({ status: 'processing', latest_charge: null });
    await eventTypes(id, 1);
    const settled = await act(id, 'settle_async', { outcome });
    expect(settled.body).toMatchObject({ status: 'complete', payment_status: paymentStatus });
    expect((await retrieve()).payment_intent).toMatchObject({ status: intentStatus });
    const types = ['checkout.session.completed', `checkout.session.async_payment_${outcome}`].toSorted();
    expect(await eventTypes(id, 2)).toEqual(types);
    expect((await act(id, 'settle_async', { outcome })).status).toBe(400);
  });

  test('that does not exist is missing, and unknown parameters are refused', async () => {
    expect((await act('cs_test_0', 'dispute')).status).toBe(404);
    const id = await simulator.open('c-5');
    expect((await act(id, 'settle_async', { outcome: 'perhaps' })).status).toBe(400);
    expect((await act(id, 'refund', { cents: 5 })).body).toMatchObject({
      error: { code: 'parameter_unknown' },
    });
  });
});

describe('An event', () => {
  test('of any kind is signed, sent and listed', async () => {
    const object = { id: 'cs_never_seen', object: 'checkout.session', amount_total: 5 };
    const made = {
      type: 'checkout.session.completed',
      object,
      livemode: true,
      created: 1_700_000_000,
      id: 'evt_mine',
    };
    const answer = await simulator.send('POST', '/control/events', made);
    expect(answer.body).toMatchObject({
      id: 'evt_mine',
      livemode: true,
      created: 1_700_000_000,
      data: { object },
    });
    const [event] = await eventually(
      () => simulator.receiver.eventsAbout('cs_never_seen'),
      (events) => events.length > 0,
    );
    expect(event).toEqual(answer.body);
    expect(await stripe.events.retrieve('evt_mine')).toMatchObject(answer.body);
    expect((await simulator.send('POST', '/control/events', made)).status).toBe(400);
  });

  test('is resent unchanged', async () => {
    const id = await simulator.open('c-6');
    await simulator.pay(id);
    const [first] = await eventually(
      () => simulator.receiver.eventsAbout(id),
      (events) => events.length === 1,
    );
    expect((await simulator.send('POST', `/control/events/${first?.id}/resend`)).body).toEqual(first);
    const events = await eventually(
      () => simulator.receiver.eventsAbout(id),
      (received) => received.length === 2,
    );
    expect(events[1]).toEqual(first);
    expect((await simulator.send('POST', '/control/events/evt_0/resend')).status).toBe(404);
  });
});
