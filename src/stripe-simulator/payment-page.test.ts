import { expect, test } from 'vitest';
import { offeredForm } from './cards.ts';
import type { Session } from './model.ts';
import { formTargets, paymentPage } from './payment-page.ts';

const now = new Date('2026-11-21T12:00:00Z');

const session: Session = {
  id: 'cs_test_1',
  status: 'open',
  payment: 'unpaid',
  currency: 'usd',
  amountTotal: 9999,
  amountDiscount: 0,
  coupon: null,
  lineItems: [{ name: 'Cleat', description: null, unitAmount: 9999, quantity: 1 }],
  clientReferenceId: null,
  customerEmail: null,
  metadata: {},
  intentMetadata: {},
  shipping: null,
  successUrl: 'http://localhost:3000/order?session={CHECKOUT_SESSION_ID}&name=é',
  cancelUrl: null,
  expiresAt: new Date('2026-11-21T12:01:30Z'),
  paymentIntent: null,
  lastDecline: null,
  faults: null,
  createdAt: new Date('2026-11-21T11:59:30Z'),
};

test('the success address contains the session, and the page its remaining time', () => {
  expect(paymentPage(session, offeredForm(undefined), now)).toMatchObject({
    shop: 'localhost:3000',
    success_address: 'http://localhost:3000/order?session=cs_test_1&name=%C3%A9',
    cancel_address: 'http://localhost:3000',
    milliseconds_left: 90_000,
    seconds_held: 120,
    until: expect.stringMatching(/^\d\d:01/),
  });
});

test('a time on another day shows the day', () => {
  const tomorrow = { ...session, expiresAt: new Date('2026-11-22T12:00:00Z') };
  expect(paymentPage(tomorrow, offeredForm(undefined), now).until).toMatch(/22 November/);
});

test('forms may lead only to the shop', () => {
  expect(formTargets(session)).toEqual(['http://localhost:3000']);
  expect(formTargets({ ...session, cancelUrl: 'https://shop.example.org/cart' })).toEqual([
    'http://localhost:3000',
    'https://shop.example.org',
  ]);
});
