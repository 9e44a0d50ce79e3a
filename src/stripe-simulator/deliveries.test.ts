import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { backoffSeconds } from './deliveries.ts';
import { signed } from './signature.ts';

test('the backoff doubles from 0.2 s up to 5 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1_000_000].map(backoffSeconds)).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5]);
});

test('the signature equals that of the official package', () => {
  const timestamp = 1_795_231_399;
  const payload = '{"id":"evt_1","name":"é"}';
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1', timestamp });
  expect(signed(payload, 'whsec_1', timestamp).signature).toBe(header);
});
