import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { createStripeProvider } from '../../src/payments/stripe/stripe.ts';
import {
  secretKey,
  sessionParameters,
  startTestSimulator,
  type TestSimulator,
} from '../support/stripe-simulator.ts';

// A key that was spent on a call with other parameters: the version before an upgrade asked, and died before it wrote the
// answer down. One effect, as after any other lost answer (decision 8).

let service: TestSimulator;
let provider: PaymentProvider;

beforeAll(async () => {
  service = await startTestSimulator();
  provider = createStripeProvider({
    secretKey,
    serviceUrl: service.origin,
    webhookSecrets: [],
    timeoutSeconds: 5,
  });
});

afterAll(() => service.close());

/** The session that an older version opened for an order of two widgets. */
async function openedBefore(orderId: number, correlationToken: string): Promise<string> {
  const metadata = { order_id: String(orderId), correlation_token: correlationToken };
  const parameters = sessionParameters(String(orderId), { metadata });
  const idempotencyKey = `pay_${orderId}`;
  return (await service.stripe.checkout.sessions.create(parameters, { idempotencyKey })).id;
}

const open = (orderId: number) =>
  provider.openSession({
    orderId,
    correlationToken: 'ours',
    email: null,
    currency: 'USD',
    lines: [{ product: 'Premium Quality Widget', qty: 2, unitPriceCents: 9_999 }],
    delivery: null,
    totalCents: 19_998,
    holdExpiresAt: Date.now() + 600_000,
    orderUrl: 'http://localhost/orders/1',
  });

test('the session that the version before an upgrade opened is the one that is paid', async () => {
  const sessionId = await openedBefore(1, 'ours');
  expect(await open(1)).toMatchObject({ sessionId });
});

test('a session of another shop under the same key is left alone', async () => {
  const sessionId = await openedBefore(2, 'of another shop');
  const opened = await open(2);
  expect(opened).toHaveProperty('sessionId');
  expect(opened).not.toMatchObject({ sessionId });
});

test('the way back after paying carries a mark, and the way back without paying does not', async () => {
  const opened = await open(3);
  const session = await service.stripe.checkout.sessions.retrieve(
    'sessionId' in opened ? opened.sessionId : '',
  );
  expect(session.success_url).toBe('http://localhost/orders/1?returned=1');
  expect(session.cancel_url).toBe('http://localhost/orders/1');
});
