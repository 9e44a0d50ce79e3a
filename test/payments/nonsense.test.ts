import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import { FakeProvider, type ProviderAnswer, type ProviderCall } from '../support/fake-provider.ts';

// A provider that answers nonsense: what it did stays unknown, so the call throws and is asked again; nothing is taken for done.

const fake = new FakeProvider();
let provider: PaymentProvider;

beforeAll(async () => {
  provider = createStripeProvider({
    secretKey: 'sk_test_nonsense_0123456789',
    serviceUrl: await fake.start(),
    webhookSecrets: [],
    timeoutSeconds: 0.3,
  });
});

afterAll(() => fake.close());

const calls = {
  openSession: () =>
    provider.openSession({
      orderId: 7,
      correlationToken: 'ours',
      email: null,
      currency: 'USD',
      lines: [{ product: 'Bow Shackle', qty: 2, unitPriceCents: 1890 }],
      delivery: null,
      totalCents: 3780,
      holdExpiresAt: 1_800_000_000_000,
      orderUrl: 'http://shop.example/orders/token',
    }),
  endSession: () => provider.endSession({ sessionId: 'cs_7', amountCents: 3780, currency: 'USD' }),
  refund: () => provider.refund({ refundId: 3, orderId: 7, transactionId: 'pi_7', amountCents: 3780 }),
};

const asked = Object.entries(calls);
const session = {
  id: 'cs_7',
  object: 'checkout.session',
  client_reference_id: '7',
  amount_total: 3780,
  currency: 'usd',
  status: 'open',
  payment_status: 'unpaid',
  payment_intent: null,
  url: 'https://pay.example/cs_7',
};
const paid = { ...session, status: 'complete', payment_status: 'paid', payment_intent: 'pi_7' };
const made = { id: 're_3', object: 'refund', amount: 3780, status: 'succeeded', payment_intent: 'pi_7' };

const error = (status: number, type: string, more: object = {}): ProviderAnswer => ({
  status,
  body: { error: { type, message: 'No.', ...more } },
});

describe.each(asked)('%s does not know when the provider', (_name, call) => {
  test.each<[string, ProviderAnswer]>([
    ['answers with a page', { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' }],
    ['answers with a page and says that all is well', { body: '<html>Welcome</html>' }],
    ['answers with half a line', { body: '{"id": "cs_' }],
    ['answers with an error of its own', error(500, 'api_error')],
    ['answers with an error that has no form', { status: 500, body: 'oh no' }],
    ['has had too many requests', error(429, 'invalid_request_error', { code: 'rate_limit' })],
    ['does not know our key', error(401, 'invalid_request_error')],
    ['does not let our key do that', error(403, 'invalid_request_error')],
    ['is still busy with the same call', error(409, 'idempotency_error')],
    ['answers with nothing in it', { body: {} }],
    ['answers with a list', { body: [] }],
    ['answers with null', { body: null }],
    ['breaks the connection', 'reset'],
    ['never answers', 'silence'],
  ])('%s', async (_what, answer) => {
    fake.answer = () => answer;
    await expect(call()).rejects.toBeInstanceOf(Error);
  });
});

describe('openSession does not take for ours', () => {
  test.each([
    ['a session without a page', { url: null }],
    ['a session without a name', { id: undefined }],
    ['one of another amount', { amount_total: 1 }],
    ['one of another currency', { currency: 'eur' }],
    ['one of another order', { client_reference_id: '8' }],
  ])('%s', async (_what, change) => {
    fake.answer = () => ({ body: { ...session, ...change } });
    await expect(calls.openSession()).rejects.toBeInstanceOf(Error);
  });

  test('anything but the session that was asked for, under the key of the order', async () => {
    fake.answer = () => ({ body: session });
    fake.calls.length = 0;
    expect(await calls.openSession()).toEqual({ sessionId: 'cs_7', url: 'https://pay.example/cs_7' });
    expect(fake.calls.map(({ headers }) => headers['idempotency-key'])).toEqual(['pay_7']);
  });
});

describe('endSession', () => {
  test.each<[string, object]>([
    ['that is being paid', { status: 'complete' }],
    ['that stays open', {}],
    ['of another name, which ended', { id: 'cs_8', status: 'expired' }],
    ['that was paid with another amount', { ...paid, amount_total: 1 }],
    ['that was paid with another currency', { ...paid, currency: 'eur' }],
    ['that was paid by nothing', { ...paid, payment_intent: null }],
  ])('does not know the end of one %s', async (_what, change) => {
    fake.answer = () => ({ body: { ...session, ...change } });
    await expect(calls.endSession()).rejects.toBeInstanceOf(Error);
  });

  test.each<[string, object, object]>([
    ['ended', { status: 'expired' }, { outcome: 'ended' }],
    ['paid', paid, { outcome: 'paid', transactionId: 'pi_7' }],
    ['paid, though it says that it had expired', { ...paid, status: 'expired' }, { outcome: 'paid' }],
    [
      'ended, when its bank transfer failed',
      { status: 'complete', payment_intent: { id: 'pi_7', status: 'requires_payment_method' } },
      { outcome: 'ended' },
    ],
  ])('knows that one has %s', async (_what, change, outcome) => {
    fake.answer = () => ({ body: { ...session, ...change } });
    expect(await calls.endSession()).toMatchObject(outcome);
  });

  test('does not know it when the provider refuses', async () => {
    fake.answer = () => error(404, 'invalid_request_error', { code: 'resource_missing' });
    await expect(calls.endSession()).rejects.toBeInstanceOf(Error);
  });
});

describe('refund', () => {
  /** There is none yet, and this is what making one answers. */
  function answersRefund(body: object): void {
    fake.answer = ({ method }) => ({
      body: method === 'GET' ? { object: 'list', data: [], has_more: false } : body,
    });
  }

  test.each([
    ['a refund of another amount', { amount: 1 }],
    ['a refund without a name', { id: undefined }],
  ])('does not take for ours %s', async (_what, change) => {
    answersRefund({ ...made, ...change });
    await expect(calls.refund()).rejects.toBeInstanceOf(Error);
  });

  test.each(['succeeded', 'pending'])('is made when it %s', async (status) => {
    answersRefund({ ...made, status });
    expect(await calls.refund()).toEqual({ providerRefundId: 're_3' });
  });

  test('is refused when the bank has not taken it', async () => {
    answersRefund({ ...made, status: 'failed', failure_reason: 'expired_or_canceled_card' });
    expect(await calls.refund()).toEqual({ refused: expect.stringContaining('expired_or_canceled_card') });
  });

  test('is looked for under its own number when its answer is a stored failure', async () => {
    const stored = {
      status: 500,
      body: { error: { type: 'api_error', message: 'No.' } },
      headers: { 'idempotent-replayed': 'true' },
    };
    const others = [
      { ...made, id: 're_1', metadata: { refund_id: '1' } },
      { ...made, id: 're_2', status: 'failed', metadata: { refund_id: '3' } },
      { ...made, metadata: { refund_id: '3' } },
    ];
    const list = { object: 'list', has_more: false, data: others };
    fake.answer = ({ method }: ProviderCall) => (method === 'GET' ? { body: list } : stored);
    expect(await calls.refund()).toEqual({ providerRefundId: 're_3' });
  });

  test.each<[string, number, object]>([
    ['counts as made when everything has gone back without us', 3780, { providerRefundId: null }],
    ['says what is left when a part has gone back without us', 780, { leftCents: 3000 }],
  ])('%s', async (_what, refunded, outcome) => {
    const intent = { id: 'pi_7', latest_charge: { id: 'ch_7', amount: 3780, amount_refunded: refunded } };
    fake.answer = ({ method, path }) => {
      if (path.startsWith('/v1/payment_intents/')) return { body: intent };
      if (method === 'GET') return { body: { object: 'list', has_more: false, data: [] } };
      return error(400, 'invalid_request_error', { code: 'charge_already_refunded', param: 'amount' });
    };
    expect(await calls.refund()).toEqual(outcome);
  });

  test('is unknown when it was too much, and the provider does not report the rest', async () => {
    fake.answer = ({ method, path }) => {
      if (path.startsWith('/v1/payment_intents/')) return { body: { id: 'pi_7', latest_charge: null } };
      if (method === 'GET') return { body: { object: 'list', has_more: false, data: [] } };
      return error(400, 'invalid_request_error', { param: 'amount' });
    };
    await expect(calls.refund()).rejects.toBeInstanceOf(Error);
  });
});

describe('a permanent refusal of the provider is a refusal:', () => {
  test.each([
    ['openSession', 400, 'amount_too_small'],
    ['refund', 404, 'resource_missing'],
    ['refund', 400, 'amount_too_large'],
  ] as const)('%s, %i %s', async (name, status, code) => {
    fake.answer = () => error(status, 'invalid_request_error', { code });
    expect(await calls[name]()).toEqual({ refused: 'No.' });
  });
});
