import { expect, test } from 'vitest';
import { aLine, anOrder, now, placed } from '../../test/support/storefront-samples.ts';
import type { CancelReason } from '../domain/order.ts';
import { orderView } from './order-view.ts';

const view = (order = anOrder(), history = [placed], at = now) => orderView(order, [aLine()], history, at);
const states = (order = anOrder()) => view(order).steps.map(({ name, state }) => `${name} ${state}`);
const paid = {
  status: 'paid',
  payment_state: 'settled',
  paid_at: new Date('2026-11-21T14:30:23Z'),
  dispatch_due_at: new Date('2026-11-21T14:30:33Z'),
} as const;

test('a pending order says until when it is held and leads to the payment page', () => {
  const { hold, pay, final } = view();
  expect(hold).toMatchObject({
    over: false,
    wholeSeconds: 120,
    leftSeconds: 90,
    time: { text: '14:32 UTC' },
  });
  expect(pay).toEqual({ url: 'https://pay.example/session', text: 'Pay $99.99' });
  expect(final).toBe(false);
});

test('a hold that is over no longer leads to the payment page, and the order is not final yet', () => {
  const { hold, pay, final } = view(anOrder(), [placed], new Date('2026-11-21T14:32:01Z'));
  expect(hold).toMatchObject({ over: true, leftSeconds: 0 });
  expect(pay).toBeNull();
  expect(final).toBe(false);
});

test('a payment that has arrived ends the hold line before the order is paid', () => {
  const { hold, pay, paymentNote } = view(anOrder({ payment_state: 'paid' }));
  expect([hold, pay]).toEqual([null, null]);
  expect(paymentNote).toContain('has arrived');
});

test('while the session is being opened there is nothing to press', () => {
  expect(view(anOrder({ payment_state: 'creating', payment_url: null })).pay).toBeNull();
});

test('a paid order shows how far its dispatch is, in steps and in seconds', () => {
  const { progress, ready } = view(anOrder(paid));
  expect(progress).toEqual({ done: 7, whole: 10, text: '7 of 10' });
  expect(ready).toBe('Ready in about 3 seconds.');
});

test('the timeline marks what is done, what is now and what is ahead', () => {
  expect(states()).toEqual(['placed done', 'payment now', 'dispatch ahead', 'dispatched ahead']);
  expect(states(anOrder(paid))).toEqual(['placed done', 'payment done', 'dispatch now', 'dispatched ahead']);
  const dispatched = anOrder({ ...paid, status: 'dispatched', dispatched_at: now });
  expect(states(dispatched)).toEqual(['placed done', 'payment done', 'dispatch done', 'dispatched done']);
  const cancelled = anOrder({ status: 'cancelled', reason: 'hold_expired', cancelled_at: now });
  expect(states(cancelled)).toEqual(['placed done', 'cancelled ended']);
});

test.each<[CancelReason, string]>([
  ['out_of_stock', 'not enough in stock'],
  ['price_changed', 'price changed'],
  ['payment_unavailable', 'could not be reached'],
  ['payment_ended', 'payment did not come about'],
  ['hold_expired', 'hold ended at {time}'],
])('an order cancelled for %s says so in words, and that nothing was charged', (reason, words) => {
  const { reason: said, final } = view(anOrder({ status: 'cancelled', reason, cancelled_at: now }));
  expect(said?.sentence).toContain(words);
  expect(said?.sentence).toMatch(/[Nn]othing was charged/);
  expect(final).toBe(true);
});

test('an order refused for want of stock names the product, and was never placed', () => {
  const order = anOrder({
    status: 'cancelled',
    reason: 'out_of_stock',
    cancelled_at: now,
    payment_state: null,
  });
  const detail = { reason: 'out_of_stock', lines: [{ sku: 'cleat', wanted: 3, available: 2 }] };
  const refused = view(order, [{ history_id: '1', at: now, what: 'cancelled', detail }]);
  expect(refused.shortages).toEqual(['Premium Quality Widget: 3 wanted, 2 left.']);
  expect(refused.steps.map(({ name }) => name)).toEqual(['cancelled']);
});

test('a late payment keeps a cancelled order open until its money is back', () => {
  const late = anOrder({
    status: 'cancelled',
    reason: 'hold_expired',
    cancelled_at: now,
    payment_state: 'refund_due',
  });
  expect(view(late).final).toBe(false);
});

test('an order whose money goes back is not dispatched, and says so', () => {
  const { refundNote, progress, final } = view(
    anOrder({ ...paid, payment_state: 'refund_due', refunded_cents: 9999 }),
  );
  expect(refundNote).toBe('$99.99 is on its way back to you.');
  expect([progress, final]).toEqual([null, false]);
  expect(states(anOrder({ ...paid, payment_state: 'refund_due' }))).toEqual([
    'placed done',
    'payment done',
    'refund now',
  ]);
});

test('a payment that came too late is never told as “nothing was charged”', () => {
  const late = anOrder({
    status: 'cancelled',
    reason: 'hold_expired',
    payment_state: 'refund_due',
    refunded_cents: 9999,
    cancelled_at: new Date('2026-11-21T14:32:00Z'),
    paid_at: new Date('2026-11-21T14:33:00Z'),
  });
  const { reason, refundNote, final } = view(late, [placed], new Date('2026-11-21T14:34:00Z'));
  expect(reason).toBeNull();
  expect(refundNote).toContain('came after the order was cancelled');
  expect(final).toBe(false);
});

test('a part that was paid back is told beside the dispatch', () => {
  expect(view(anOrder({ ...paid, refunded_cents: 500 })).refundNote).toContain('$5.00 of it');
});

test('only an order that waits for its payment can be cancelled', () => {
  expect(view().cancellable).toBe(true);
  expect(view(anOrder(paid)).cancellable).toBe(false);
});

test('a cancellation that came after the payment says so', () => {
  const asked = { ...placed, what: 'cancel_asked' };
  expect(view(anOrder(paid), [placed, asked]).paymentNote).toContain('your payment was faster');
  expect(view(anOrder(paid), [placed]).paymentNote).toBeNull();
});
