import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { apiVersion, readEvent, verifyEvent } from './events.ts';

const secret = 'whsec_0123456789abcdef';
const now = new Date('2026-01-01T12:00:00Z');
const nowSeconds = now.getTime() / 1000;

const session = {
  id: 'cs_1',
  object: 'checkout.session',
  client_reference_id: '7',
  amount_total: 9999,
  currency: 'usd',
  payment_status: 'paid',
  payment_intent: 'pi_1',
};

function message(type: string, object: object = session): string {
  return JSON.stringify({ id: 'evt_1', object: 'event', type, created: nowSeconds, data: { object } });
}

function sign(payload: string, options: { timestamp?: number; secret?: string } = {}): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: nowSeconds, ...options });
}

function verify(payload: string, signature: string | undefined) {
  return verifyEvent({ rawBody: Buffer.from(payload), signature }, [secret], now);
}

describe('a signed event', () => {
  test('is read in our vocabulary', () => {
    const payload = message('checkout.session.completed');
    expect(verify(payload, sign(payload))).toMatchObject({
      id: 'evt_1',
      kind: 'paid',
      orderId: 7,
      sessionId: 'cs_1',
      amountCents: 9999,
      currency: 'USD',
      transactionId: 'pi_1',
    });
  });

  test.each([
    ['checkout.session.completed', { payment_status: 'unpaid' }, 'other'],
    ['checkout.session.async_payment_succeeded', {}, 'paid'],
    ['checkout.session.async_payment_failed', {}, 'failed'],
    ['checkout.session.expired', { payment_status: 'unpaid' }, 'ended'],
    ['payment_intent.payment_failed', {}, 'other'],
  ])('%s with %o says %s', (type, change, kind) => {
    const payload = message(type, { ...session, ...change });
    expect(verify(payload, sign(payload)).kind).toBe(kind);
  });

  test.each(['', 'abc', '0', '-7', '9007199254740992', '99999999999999999999'])(
    'with the reference "%s" names no order',
    (reference) => {
      const payload = message('checkout.session.completed', { ...session, client_reference_id: reference });
      expect(verify(payload, sign(payload)).orderId).toBeNull();
    },
  );

  test('with the largest reference names that order', () => {
    const payload = message('checkout.session.completed', {
      ...session,
      client_reference_id: '9007199254740991',
    });
    expect(verify(payload, sign(payload)).orderId).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('that is nested 20,000 levels deep is refused', () => {
    const deep = `{"metadata":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
    const payload = message('customer.created').replace(JSON.stringify(session), deep);
    expect(payload).toContain(deep);
    expect(() => verify(payload, sign(payload))).toThrow('more than 100 levels');
  });

  const bought = {
    ...session,
    metadata: { order_id: '7', correlation_token: 'ours', note: 'for Ada' },
    success_url: 'https://shop.example/orders/token',
    payment_intent: { id: 'pi_1', object: 'payment_intent', shipping: { name: 'Ada Lovelace' } },
    customer_email: 'ada@example.com',
    customer_details: {
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      phone: '+44 20',
      address: { city: 'London' },
    },
    shipping_details: { name: 'Ada Lovelace' },
    custom_fields: [{ key: 'floor', text: { value: 'Attic' } }],
  };
  const charge = {
    object: 'charge',
    amount: 9999,
    amount_refunded: 500,
    currency: 'usd',
    payment_intent: 'pi_1',
    metadata: { order_id: '7', correlation_token: 'ours' },
    billing_details: { name: 'Ada Lovelace', email: 'ada@example.com', phone: '+44 20' },
    receipt_email: 'ada@example.com',
    payment_method_details: { card: { last4: '4242' } },
  };

  test.each([
    ['checkout.session.completed', bought, 'ada@example.com'],
    ['checkout.session.expired', bought, 'ada@example.com'],
    ['charge.refunded', charge, null],
    ['charge.dispute.created', { ...charge, evidence: { customer_name: 'Ada Lovelace' } }, null],
    ['payment_intent.payment_failed', charge, null],
  ])('%s has a body to be read again, without anything else about the buyer', (type, object, email) => {
    const payload = message(type, object);
    const event = verify(payload, sign(payload));
    expect(event.email).toBe(email);
    expect(JSON.stringify(event.body)).not.toMatch(/\bada\b|lovelace|\+44|london|attic|4242/i);
    expect(readEvent(event.body)).toEqual({ ...event, email: null });
  });

  test('fits while a secret is rotated, whichever of the two signed it', () => {
    const payload = message('checkout.session.completed');
    const secrets = ['whsec_the_new_one_0000', secret];
    expect(verifyEvent({ rawBody: Buffer.from(payload), signature: sign(payload) }, secrets, now).id).toBe(
      'evt_1',
    );
  });

  test.each([
    ['charge.refunded', 'refunded', { amount_refunded: 500 }, 500],
    ['charge.dispute.created', 'disputed', {}, null],
  ])('%s names the charge, and the order by its metadata', (type, kind, more, refundedCents) => {
    const charge = { amount: 9999, currency: 'usd', payment_intent: 'pi_1', metadata: { order_id: '7' } };
    const payload = message(type, { ...charge, ...more });
    expect(verify(payload, sign(payload))).toMatchObject({
      kind,
      orderId: 7,
      amountCents: 9999,
      refundedCents,
      transactionId: 'pi_1',
      live: false,
    });
  });

  test('is accepted when one of several signatures fits', () => {
    const payload = message('checkout.session.completed');
    const fits = sign(payload);
    expect(verify(payload, `${fits.split(',')[0]},v1=${'0'.repeat(64)},${fits.split(',')[1]}`).id).toBe(
      'evt_1',
    );
  });
});

describe('the version of an event', () => {
  const versionOf = (version: unknown) =>
    readEvent({ id: 'evt_1', type: 'a.b', created: 1, api_version: version, data: { object: {} } })
      ?.otherVersion;

  test('is the one that the package of the provider calls by default', () => {
    expect(apiVersion).toBe(Stripe.API_VERSION);
  });

  test.each([apiVersion, null, undefined, 5, '', 'x'.repeat(300), 'a\u0000b'])(
    '%j raises nothing',
    (version) => {
      expect(versionOf(version)).toBeNull();
    },
  );

  test('is named when it is another', () => {
    expect(versionOf('2024-06-20')).toEqual({ version: '2024-06-20', expected: apiVersion });
  });
});

describe('refused', () => {
  const payload = message('checkout.session.completed');

  test.each([
    ['no signature', payload, undefined],
    ['another secret', payload, sign(payload, { secret: 'whsec_another_secret' })],
    ['another body', message('checkout.session.expired'), sign(payload)],
    ['a signature 301 seconds old', payload, sign(payload, { timestamp: nowSeconds - 301 })],
    ['a signature from 301 seconds ahead', payload, sign(payload, { timestamp: nowSeconds + 301 })],
    ['a signature of another form', payload, 'v1=abc'],
  ])('%s', (_what, body, signature) => {
    expect(() => verify(body, signature)).toThrow(expect.objectContaining({ code: 'bad_signature' }));
  });

  test.each(['not json', '[]', '{}', '{"id":"evt_1"}'])('signed, but no event: %s', (body) => {
    expect(() => verify(body, sign(body))).toThrow(expect.objectContaining({ code: 'malformed_body' }));
  });
});
