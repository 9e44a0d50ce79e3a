import Stripe from 'stripe';
import { expect, test } from 'vitest';
import { signatureHeader } from './signature.ts';

test('the header is what the official package makes', () => {
  const timestamp = 1_795_231_399;
  const payload = '{"id":"evt_1","name":"é"}';
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1', timestamp });
  expect(signatureHeader(payload, 'whsec_1', timestamp)).toBe(header);
});
