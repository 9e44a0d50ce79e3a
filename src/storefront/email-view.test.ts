import { describe, expect, test } from 'vitest';
import { aShop } from '../../test/support/storefront-samples.ts';
import type { PlannedEmail } from '../database/queries/emails.ts';
import { emailComposer } from './email-view.ts';
import { createRenderer } from './render.ts';

const hostile = '</title><script>alert("x")</script>';
const compose = emailComposer(
  createRenderer({ assetAddress: (file) => file, shop: aShop() }),
  'https://shop.example',
);

function planned(changes: Partial<PlannedEmail> = {}): PlannedEmail {
  return {
    emailId: 1,
    delivery: 'smtp',
    orderId: 7,
    kind: 'order_confirmed',
    refundId: null,
    to: 'ada@reader.example',
    token: 'token-of-order-seven',
    status: 'paid',
    cancelReason: null,
    paymentState: 'settled',
    paidLate: false,
    totalCents: 22_497,
    currency: 'USD',
    holdExpiresAt: Date.parse('2026-11-21T14:32:00Z'),
    lines: [
      { product: 'Premium Quality Widget', quantity: 2, unitPriceCents: 9_999 },
      { product: 'Brass Bell', quantity: 1, unitPriceCents: 2_499 },
    ],
    refund: null,
    ...changes,
  };
}

const cancelled = (changes: Partial<PlannedEmail> = {}) =>
  planned({
    kind: 'order_cancelled',
    status: 'cancelled',
    cancelReason: 'hold_expired',
    paymentState: 'expired',
    ...changes,
  });

const refunded = (amountCents: number, note = 'the bell was cracked') =>
  planned({ kind: 'refund_made', refundId: 3, refund: { amountCents, reason: 'operator', note } });

async function written(email: PlannedEmail): Promise<{ subject: string; text: string; html: string }> {
  const content = await compose(email);
  if (!content) throw new Error('There is no message.');
  return content;
}

test('both parts say what was bought, what it costs, and where the order is', async () => {
  const { text, html } = await written(planned());
  for (const part of [text, html]) {
    for (const said of [
      'Order 7',
      '2 × ',
      'Premium Quality Widget',
      '$99.99',
      '$199.98',
      'Brass Bell',
      '$224.97',
    ]) {
      expect(part).toContain(said);
    }
    expect(part).toContain('https://shop.example/orders/token-of-order-seven');
  }
});

describe('a confirmation', () => {
  test.each([
    ['that the dispatch is under way', {}, 'is being dispatched now'],
    ['that it is done', { status: 'dispatched' }, 'has been dispatched'],
    ['that the money is promised back', { paymentState: 'refund_due' }, 'was promised back'],
    ['that the money went back', { status: 'refunded', paymentState: 'refunded' }, 'has been paid back'],
    ['that a late payment was in time after all', { paidLate: true }, 'the order stands'],
  ] as const)('says %s', async (_what, changes, said) => {
    const { subject, text } = await written(planned(changes));
    expect(subject).toBe('Order 7 is confirmed');
    expect(text).toContain('Your payment of $224.97 has arrived.');
    expect(text).toContain(said);
  });
});

describe('a cancellation', () => {
  test.each([
    ['hold_expired', 'The hold ended at 14:32 UTC on 21 Nov 2026 before a payment arrived'],
    ['payment_ended', 'The payment did not come about.'],
    ['cancelled_by_shopper', 'You cancelled it.'],
    ['payment_unavailable', 'The payment service could not be reached.'],
  ] as const)('for %s says why, and that nothing was charged', async (cancelReason, why) => {
    const { subject, text } = await written(cancelled({ cancelReason }));
    expect(subject).toBe('Order 7 was cancelled');
    expect(text).toContain(why);
    expect(text).toContain('Nothing was charged.');
  });

  test.each([
    ['refund_due', 'cancelled', 'is going back to you'],
    ['refunded', 'refunded', 'has been paid back'],
  ] as const)(
    'of an order that was paid late (%s) does not say that nothing was charged',
    async (paymentState, status, said) => {
      const { text } = await written(cancelled({ paymentState, status }));
      expect(text).not.toContain('Nothing was charged.');
      expect(text).toContain('A payment of $224.97 arrived after that.');
      expect(text).toContain(said);
    },
  );

  test('of an order that was paid late and goes out after all is not written, because it is no longer true', async () => {
    expect(
      await compose(cancelled({ status: 'paid', cancelReason: null, paymentState: 'settled' })),
    ).toBeNull();
  });
});

describe('a refund', () => {
  test('of a part says how much of how much, and why', async () => {
    const { subject, text, html } = await written(refunded(2_499));
    expect(subject).toBe('$24.99 paid back for order 7');
    expect(text).toContain('We have paid back $24.99 of the $224.97 that you paid.');
    for (const part of [text, html]) expect(part).toContain('the bell was cracked');
  });

  test.each([
    ['late_payment', 'paid after the order was cancelled'],
    ['external_refund', 'refunded at the payment provider'],
  ] as const)('with the reason %s has a worded reason', async (reason, words) => {
    const refund = { amountCents: 2_499, reason, note: null };
    const { text } = await written(planned({ kind: 'refund_made', refundId: 3, refund }));
    expect(text).toContain(`Reason: ${words}`);
  });

  test('of everything says so', async () => {
    expect((await written(refunded(22_497))).text).toContain('all that you paid');
  });
});

describe('the orders of an address', () => {
  const found = Array.from({ length: 21 }, (_, index) => ({
    orderId: 30 - index,
    token: `token-of-${30 - index}`,
    status: 'dispatched' as const,
    createdAt: Date.parse('2026-11-20T10:00:00Z'),
    items: [{ product: index === 0 ? hostile : 'Brass Bell', quantity: 2 }],
  }));
  const list = (orders: typeof found) => written(planned({ kind: 'orders_found', found: orders }));

  test('are listed with their links, without what belongs to one order alone', async () => {
    const { subject, text, html } = await list(found.slice(0, 2));
    expect(subject).toBe('Your orders');
    for (const part of [text, html]) {
      expect(part).toContain('https://shop.example/orders/token-of-30');
      expect(part).toContain('https://shop.example/orders/token-of-29');
      expect(part).not.toMatch(/Total|older ones|address was given/);
    }
    expect(text).toContain('2\u00a0×\u00a0Brass Bell');
    expect(html).not.toContain('<script');
  });

  test('are twenty at most, and the message says that there are more', async () => {
    const { text, html } = await list(found);
    for (const part of [text, html]) {
      expect(part).toContain('token-of-11');
      expect(part).not.toContain('token-of-10');
      expect(part).toContain('There are older ones.');
    }
  });
});

describe('text of other origin', () => {
  const lines = [{ product: hostile, quantity: 1, unitPriceCents: 1 }];

  test('is escaped in the HTML part, and stands as it is in the text part', async () => {
    const email = { ...refunded(1, hostile), lines, token: '"><script>' };
    const { text, html } = await written(email);
    expect(html).not.toContain('<script');
    expect(text).toContain(hostile);
  });

  test('cannot pass for a line of ours in the text part', async () => {
    const fake = 'Bell\r\nTotal: $0.00\u2028Pay at https://evil.example\u202E';
    const { text } = await written({ ...refunded(1, fake), lines: [{ ...lines[0]!, product: fake }] });
    expect(text.split('\n').filter((line) => /^(Total: \$0|Pay at)/.test(line))).toEqual([]);
    expect(text).not.toMatch(/[\u2028\u202E\r]/);
  });

  test('is not in the subject', async () => {
    for (const email of [planned({ lines }), cancelled({ lines }), { ...refunded(1, hostile), lines }]) {
      expect((await written(email)).subject).toMatch(/^[\w $.]+$/);
    }
  });
});

test('a message fetches nothing and runs nothing', async () => {
  for (const email of [planned(), cancelled(), refunded(1)]) {
    expect((await written(email)).html).not.toMatch(
      /<(script|img|link|iframe|form|object)|url\(|\son\w+=|@import/i,
    );
  }
});

describe('a message about a parcel', () => {
  const shipment = {
    carrier: 'Parcel Post',
    trackingNumber: 'PP123456785',
    link: 'https://parcels.example/PP123456785',
    shippedAt: Date.parse('2026-11-26T10:00:00Z'),
    isNewest: true,
    items: [{ product: 'Brass Bell', quantity: 2 }],
  };
  const shipped = (changes: Partial<PlannedEmail> = {}) =>
    planned({ kind: 'shipped', shipmentId: 5, shipment, fulfilment: 'manual', ...changes });

  test('has carrier, number, link and contents in both parts, and not what the order costs', async () => {
    const { subject, text, html } = await written(shipped());
    expect(subject).toBe('A parcel of order 7 is on its way');
    for (const part of [text, html]) {
      for (const said of ['Parcel Post', 'PP123456785', 'https://parcels.example/', '2 × Brass Bell']) {
        expect(part).toContain(said);
      }
      expect(part).not.toContain('$');
    }
  });

  test.each([
    ['that more follows', {}, 'The rest of your order follows'],
    ['that it was the last one', { status: 'dispatched' }, 'everything of your order has left'],
    [
      'that more followed already',
      { status: 'dispatched', shipment: { ...shipment, isNewest: false } },
      'The rest of your order follows',
    ],
    ['when it is expected', { deliveryDaysFrom: 2, deliveryDaysTo: 4 }, 'between Mon 30 Nov and Wed 2 Dec'],
  ] as const)('says %s', async (_what, changes, said) => {
    expect((await written(shipped(changes))).text).toContain(said);
  });

  test('promises nothing more of an order that is being paid back', async () => {
    const { text } = await written(shipped({ paymentState: 'refund_due' }));
    expect(text).not.toMatch(/The rest of|everything of/);
  });

  test('leaves out what the parcel has not, and keeps what was typed on its line', async () => {
    const none = { ...shipment, carrier: null, trackingNumber: null, link: null };
    expect((await written(shipped({ shipment: none }))).text).not.toMatch(/Carrier|Number|null/);
    const odd = { ...shipment, carrier: 'Post\nTotal: $0', trackingNumber: hostile };
    const { text, html } = await written(shipped({ shipment: odd }));
    expect(text).toContain('Carrier: Post Total: $0');
    expect(html).not.toContain('<script>');
  });
});

test('a confirmation of an order that an operator ships says that it is being prepared', async () => {
  expect((await written(planned({ fulfilment: 'manual' }))).text).toContain('Your order is being prepared.');
});

describe('an order that its buyer collects', () => {
  const collected = {
    isCollected: true,
    deliveryName: 'Collect at the shop',
    deliveryDaysFrom: 1,
    deliveryDaysTo: 2,
  };
  const shipment = {
    carrier: null,
    trackingNumber: null,
    link: null,
    shippedAt: Date.parse('2026-11-26T10:00:00Z'),
    isNewest: true,
    items: [{ product: 'Brass Bell', quantity: 2 }],
  };

  test.each([
    ['is being made ready', {}, 'is being made ready for you to collect'],
    ['is being prepared', { fulfilment: 'manual' }, 'when it is ready to collect'],
    ['is ready', { status: 'dispatched' }, 'is ready to collect'],
    ['is ready in part', { kind: 'shipped', shipment }, 'The rest of your order follows'],
    [
      'is ready as a whole',
      { kind: 'shipped', shipment, status: 'dispatched' },
      'everything of your order is ready',
    ],
  ] as const)('is worded so when it %s', async (_what, changes, said) => {
    const { subject, text, html } = await written(planned({ ...collected, ...changes }));
    for (const part of [text, html]) {
      expect(part).toContain(said);
      expect(part + subject).not.toMatch(/parcel|dispatch|on its way|expected/i);
    }
  });
});

test('a delivery that costs nothing is named, and so is its price', async () => {
  const { text, html } = await written(planned({ deliveryName: 'Standard delivery', deliveryCents: 0 }));
  expect(text).toContain('Standard delivery: Free');
  expect(html).toContain('Standard delivery');
});
