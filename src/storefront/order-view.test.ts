import { describe, expect, test } from 'vitest';
import { aHistory, anOrder, now, orderDetails } from '../../test/support/storefront-samples.ts';
import type { CancelReason } from '../domain/order.ts';
import { orderView } from './order-view.ts';

const view = (order = anOrder(), history = aHistory('placed', 'payment_opened'), at = now) =>
  orderView(orderDetails({ order, history }), at);
const said = (shown: ReturnType<typeof view>) => shown.notices.map(({ text }) => text).join(' ');
const receiptRows = (shown: ReturnType<typeof view>) =>
  shown.receiptRows.map(({ label, word }) => `${label}: ${word}`);

const paid = {
  status: 'paid',
  paymentState: 'settled',
  paidAt: new Date('2026-11-21T14:30:23Z'),
  dispatchDueAt: new Date('2026-11-21T14:30:33Z'),
} as const;
const cancelled = { status: 'cancelled', paymentState: 'expired', cancelledAt: now } as const;
const refund = (cents: number) => ({ refund_id: 1, amount_cents: cents });

test('a pending order says until when it is held and leads to the payment page', () => {
  const { hold, pay, final } = view();
  expect(hold).toMatchObject({
    over: false,
    wholeSeconds: 120,
    leftSeconds: 90,
    leftMs: 90_000,
    time: { text: '14:32 UTC' },
  });
  expect(pay).toEqual({ url: 'https://pay.example/session', text: 'Pay $99.99' });
  expect(final).toBe(false);
});

test('a hold that is over no longer leads to the payment page, and the order is not final yet', () => {
  const { hold, pay, final } = view(anOrder(), undefined, new Date('2026-11-21T14:32:01Z'));
  expect(hold).toMatchObject({ over: true, leftSeconds: 0 });
  expect(pay).toBeNull();
  expect(final).toBe(false);
});

test('a payment that has arrived ends the hold line before the order is paid', () => {
  const shown = view(anOrder({ paymentState: 'paid' }));
  expect([shown.hold, shown.pay]).toEqual([null, null]);
  expect(said(shown)).toContain('has arrived');
  expect(receiptRows(shown)).toContain('Payment: Arrived, being booked');
});

test('while the session is being opened there is nothing to press', () => {
  expect(view(anOrder({ paymentState: 'creating', paymentUrl: null })).pay).toBeNull();
});

test('an order whose cancellation was requested asks for no payment, and says that the shop makes sure', () => {
  const shown = view(anOrder(), aHistory('placed', 'payment_opened', 'cancel_asked'));
  expect([shown.hold, shown.pay]).toEqual([null, null]);
  expect(said(shown)).toContain('You asked to cancel');
});

test('a paid order shows how far its dispatch is, in steps and in seconds', () => {
  const { dispatch, receipt } = view(anOrder(paid), aHistory('placed', 'payment_opened', 'paid'));
  expect(dispatch).toMatchObject({ done: 7, whole: 10, text: '7 of 10', wholeMs: 10_000, leftMs: 3_000 });
  expect(dispatch?.ready).toBe('Ready in about 3 seconds.');
  expect(receipt).toBe(true);
});

test.each<[CancelReason, string]>([
  ['out_of_stock', 'not enough in stock'],
  ['price_changed', 'price changed'],
  ['hold_limit', 'more than one shopper can hold'],
  ['payment_unavailable', 'could not be reached'],
  ['payment_ended', 'The payment was cancelled, and the order with it.'],
  ['hold_expired', 'hold ended at {time}'],
  ['cancelled_by_shopper', 'You cancelled it'],
])('an order cancelled for %s says so in words, and that nothing was charged', (reason, words) => {
  const shown = view(anOrder({ ...cancelled, reason }), aHistory('placed', ['cancelled', { reason }]));
  expect(said(shown)).toContain(words);
  expect(said(shown)).toMatch(/[Nn]othing was charged/);
  expect(shown).toMatchObject({ stepsTitle: 'What happened', receipt: false });
});

test('an order whose bank did not pay in the end says so, and not that somebody cancelled', () => {
  const order = anOrder({ ...cancelled, reason: 'payment_ended' });
  const history = aHistory('placed', 'payment_failed', ['cancelled', { reason: 'payment_ended' }]);
  const shown = view(order, history);
  expect(said(shown)).toBe('Your bank did not pay. Nothing was charged.');
  expect(shown.steps.map(({ word }) => word)).toEqual([
    'Order placed',
    'Payment failed',
    'Cancelled: not paid',
  ]);
});

test('a refunded order has its amount in the receipt alone, and says when it shows on the account', () => {
  const refunded = anOrder({ ...paid, status: 'refunded', paymentState: 'refunded', refundedCents: 9999 });
  const made = aHistory(
    'placed',
    'paid',
    ['refund_due', refund(9999)],
    ['refund_made', refund(9999)],
    'refunded',
  );
  const shown = view(refunded, made);
  expect(said(shown)).toContain('within 5 to 10 days');
  const { receiptRows: rows, notices, steps } = shown;
  expect(JSON.stringify([rows, notices, steps]).match(/\$99\.99/g)).toHaveLength(1);
  expect(steps.map(({ word }) => word)).toEqual(['Order placed', 'Paid', 'Paid back in full']);
});

test('an order beyond the share of a client says how much would be possible', () => {
  const line = { sku: 'cleat', product: 'Premium Quality Widget', wanted: 9, at_most: 5 };
  const detail = { reason: 'hold_limit', limit: 'share', lines: [line] };
  const order = anOrder({ ...cancelled, reason: 'hold_limit' });
  expect(said(view(order, aHistory(['cancelled', detail])))).toContain(
    'You can order 5 of Premium Quality Widget at most',
  );
});

describe('an order that was cancelled', () => {
  const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
  const order = anOrder({ ...cancelled, reason: 'hold_expired' });
  const history = aHistory('placed', 'payment_opened', ['cancelled', { reason: 'hold_expired' }]);

  test('may still turn out to be paid for half an hour, and then its page is final', () => {
    expect(view(order, history, at(10))).toMatchObject({ final: false, lateForMs: 20 * 60_000 });
    expect(view(order, history, at(30))).toMatchObject({ final: true, lateForMs: null });
  });

  test('before it had a payment session cannot have been paid', () => {
    const unopened = { ...order, sessionId: null, paymentUrl: null };
    expect(view(unopened, history)).toMatchObject({ final: true, lateForMs: null });
  });

  test.each(['refund_due', 'refunded', 'settled'] as const)(
    'does not say that nothing was charged once money has come (%s)',
    (paymentState) => {
      const shown = view({ ...order, paymentState: paymentState, paidAt: at(5) }, history, at(6));
      expect(said(shown)).not.toMatch(/nothing was charged/i);
      expect(shown.lateForMs).toBeNull();
    },
  );
});

test('an order of a browser that came to nothing leads back to its cart, where everything is still in', () => {
  const mine = { ...cancelled, reason: 'hold_expired', browserId: 'AAAAAAAAAAAAAAAAAAAAAA' } as const;
  expect(view(anOrder(mine)).backToCart).toBe(true);
  expect(view(anOrder({ ...mine, paidAt: now, paymentState: 'refund_due' })).backToCart).toBe(false);
  expect(view(anOrder({ ...mine, browserId: null })).backToCart).toBe(false);
  expect(view(anOrder({ browserId: mine.browserId })).backToCart).toBe(false);
});

test('an order refused for want of stock names the product, and was never placed', () => {
  const order = anOrder({ ...cancelled, reason: 'out_of_stock', paymentState: null });
  const detail = { reason: 'out_of_stock', lines: [{ sku: 'cleat', wanted: 3, available: 2 }] };
  const refused = view(order, aHistory(['cancelled', detail]));
  expect(said(refused)).toContain('Premium Quality Widget: 3 wanted, 2 left.');
  expect(refused.linesTitle).toBe('What you wanted');
});

test('an order whose money goes back is not dispatched, and says so', () => {
  const history = aHistory('placed', 'paid', ['refund_due', refund(9999)]);
  const shown = view(anOrder({ ...paid, paymentState: 'refund_due', refundedCents: 9999 }), history);
  expect(said(shown)).toBe('Your payment is on its way back to you.');
  expect(receiptRows(shown)).toContain('Refund: $99.99 on its way back');
  expect(shown).toMatchObject({ dispatch: null, final: false });
});

test('a payment that came too late never shows “nothing was charged”, and its page stays open', () => {
  const late = anOrder({
    ...cancelled,
    reason: 'hold_expired',
    paymentState: 'refund_due',
    refundedCents: 9999,
    paidAt: new Date('2026-11-21T14:33:00Z'),
  });
  const reason = { reason: 'hold_expired' };
  const history = aHistory('placed', ['cancelled', reason], 'paid_late', ['refund_due', refund(9999)]);
  const shown = view(late, history, new Date('2026-11-21T14:34:00Z'));
  expect(said(shown)).toBe(
    'Your payment came after the order was cancelled, so it is on its way back to you.',
  );
  expect(shown.final).toBe(false);
});

test('refunds in parts: what went back and what is on its way, and the page stays open until it is made', () => {
  const dispatched = anOrder({ ...paid, status: 'dispatched', dispatchedAt: now, refundedCents: 1200 });
  const made = [
    ['refund_due', refund(500)],
    ['refund_made', refund(500)],
  ] as const;
  const due = ['refund_due', { refund_id: 2, amount_cents: 700 }] as const;
  const underWay = view(dispatched, aHistory('placed', 'paid', ...made, 'dispatched', due));
  expect(said(underWay)).toBe(
    'A part of your payment was paid back to you. Depending on your bank, the money shows on your account within 5 to 10 days. A part of your payment is on its way back to you.',
  );
  expect(receiptRows(underWay)).toEqual([
    'Ordered: ',
    'Payment: Paid',
    'Refund: $5.00 paid back',
    'Refund: $7.00 on its way back',
  ]);
  expect(underWay.final).toBe(false);
  expect(view(dispatched, aHistory('placed', 'paid', ...made, 'dispatched')).final).toBe(true);
});

test('only an order that waits for its payment is to be paid', () => {
  expect(view(anOrder(paid)).pay).toBeNull();
  expect(receiptRows(view())).toContain('Payment: Not paid yet');
});

test('a cancellation that came after the payment says so', () => {
  expect(said(view(anOrder(paid), aHistory('placed', 'cancel_asked', 'paid')))).toContain(
    'your payment was faster',
  );
  expect(said(view(anOrder(paid), aHistory('placed', 'cancel_asked', 'paid')))).toContain('to cancel it');
  const gone = anOrder({ ...paid, status: 'dispatched', dispatchedAt: now });
  expect(said(view(gone, aHistory('placed', 'cancel_asked', 'paid', 'dispatched')))).toBe(
    'You asked to cancel, and your payment was faster. You can ask the shop to take it back.',
  );
  expect(said(view(anOrder(paid), aHistory('placed', 'paid')))).toBe(
    'Thank you. A confirmation goes to the address that you gave.',
  );
});

test.each([
  ['cancellation_asked', 'paid', 'until then the dispatch goes on'],
  ['cancellation_asked', 'dispatched', 'it was dispatched before the shop answered'],
  ['return_asked', 'dispatched', 'You asked to return this order.'],
] as const)('an open request (%s) of an order that is %s says “%s”', (code, status, text) => {
  const order = anOrder({ ...paid, status, dispatchedAt: status === 'dispatched' ? now : null });
  const history = aHistory('placed', 'cancel_asked', 'paid', ['return_asked', { code }]);
  const returnRequest = { code, isOpen: true, answer: null };
  const shown = orderView(orderDetails({ order, history, returnRequest }), now);
  expect(said(shown)).toContain(text);
  expect(said(shown)).not.toContain('You can ask');
  expect(shown.contact.ask).toBeNull();
});

test('where no messages are sent, the page leads to none, and to the requests alone', () => {
  const details = orderDetails({ order: anOrder(paid), history: aHistory('placed', 'paid') });
  const shown = orderView(details, now, false);
  expect(shown.contact).toEqual({
    title: 'What you can ask',
    none: null,
    email: null,
    correct: null,
    ask: 'Ask to cancel the order',
  });
  expect(said(shown)).toBe('');
});

test('an order that its buyer collects is ready instead of dispatched, in every text', () => {
  const items = [{ productId: 1, product: 'Cleat', quantity: 1 }];
  const shipment = {
    shipmentId: 1,
    orderId: 7,
    carrier: null,
    trackingNumber: null,
    link: null,
    shippedAt: now,
    items,
  };
  const collected = {
    ...paid,
    isCollected: true,
    deliveryName: 'Collect at the shop',
    deliveryDaysFrom: 1,
    deliveryDaysTo: 2,
  };
  type History = Parameters<typeof aHistory>;
  const paidHistory: History = ['placed', 'paid'];
  const shown = (changes: Parameters<typeof anOrder>[0], history: History = paidHistory) =>
    orderView(
      orderDetails({
        order: anOrder({ ...collected, ...changes }),
        history: aHistory(...history),
        shipments: [shipment, { ...shipment, shipmentId: 2 }],
      }),
      now,
    );
  const views = [
    shown({ status: 'pending', paidAt: null, paymentState: 'open' }, ['placed']),
    shown({}),
    shown({ fulfilment: 'manual' }, [...paidHistory, 'shipped']),
    shown({ status: 'dispatched', dispatchedAt: now }, [...paidHistory, 'shipped', 'shipped', 'dispatched']),
  ];
  for (const { word, notices, steps, delivery, shipments } of views) {
    expect(JSON.stringify({ word, notices, steps, delivery, shipments })).not.toMatch(
      /(?<!"name":")(?:dispatch|parcel|has left|shipped by|Expected)/i,
    );
  }
  expect(views[3]?.word).toBe('Ready to collect');
  expect(views[3]?.steps.map(({ word }) => word)).toContain('Part 1 ready to collect');
  expect(views[3]?.amounts.rows).toContainEqual({ label: 'Collect at the shop', amount: 'Free' });
});
