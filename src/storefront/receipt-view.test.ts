import { expect, test } from 'vitest';
import {
  aHistory,
  aLayout,
  aLine,
  anOrder,
  aShop,
  now,
  orderDetails,
} from '../../test/support/storefront-samples.ts';
import { receiptView } from './receipt-view.ts';
import { createRenderer } from './render.ts';

const paidAt = new Date('2026-11-21T14:30:23Z');
const address = {
  name: 'Ada Reader',
  line1: '742 Evergreen Terrace',
  line2: null,
  postalCode: '97403',
  city: 'Springfield',
  region: 'OR',
  country: 'US',
  phone: null,
};
const refund = (id: number, cents: number) => ({ refund_id: id, amount_cents: cents });

function receipt(
  changes: Parameters<typeof anOrder>[0] = {},
  history = aHistory('placed', 'payment_opened', 'paid'),
) {
  const order = anOrder({ status: 'paid', paymentState: 'settled', paidAt, ...changes });
  return receiptView(orderDetails({ order, history, transactionId: 'pi_7' }), 'stripe', now);
}

test('a delivery that costs nothing is named, and so is its price', () => {
  expect(receipt({ deliveryName: 'Collect at the shop' })?.amounts.rows).toEqual([
    { label: 'Products', amount: '$99.99' },
    { label: 'Collect at the shop', amount: 'Free' },
  ]);
});

test('an order that was not paid has no receipt', () => {
  expect(receipt({ paidAt: null })).toBeNull();
});

test('a receipt has number, dates, reference, buyer, and what the total is made of', () => {
  const delivery = { subtotalCents: 9999, deliveryCents: 500, totalCents: 10_499, deliveryName: 'Express' };
  expect(receipt({ ...delivery, address })).toMatchObject({
    title: 'Receipt 7',
    rows: [
      { label: 'Order', word: '7' },
      { label: 'Ordered', time: { text: '14:30 UTC on 21 Nov 2026' } },
      { label: 'Paid', time: { text: '14:30 UTC on 21 Nov 2026' } },
      { label: 'Payment method', word: 'Online, through Stripe' },
      { label: 'Payment reference', word: 'pi_7' },
    ],
    buyer: 'someone@example.com',
    address: expect.arrayContaining(['Ada Reader', '742 Evergreen Terrace']),
    lines: [{ name: 'Premium Quality Widget', quantity: 1, unit: '$99.99', sum: '$99.99' }],
    amounts: {
      rows: [
        { label: 'Products', amount: '$99.99' },
        { label: 'Express', amount: '$5.00' },
      ],
      total: '$104.99',
    },
    refunds: null,
  });
});

test('the net amount is what was kept: refunds count once they are made', () => {
  const history = aHistory(
    'placed',
    'paid',
    ['refund_due', refund(1, 1000)],
    ['refund_made', refund(1, 1000)],
    ['refund_due', refund(2, 500)],
    ['refund_made', refund(2, 500)],
    ['refund_due', refund(3, 250)],
  );
  expect(receipt({}, history)?.refunds).toMatchObject({
    made: [{ amount: '-$10.00', time: { text: '14:30 UTC on 21 Nov 2026' } }, { amount: '-$5.00' }],
    due: '$2.50',
    net: '$84.99',
  });
});

test('nothing is kept of an order that was paid back', () => {
  const history = aHistory(
    'placed',
    'paid',
    ['refund_due', refund(1, 9999)],
    ['refund_made', refund(1, 9999)],
  );
  expect(receipt({ status: 'refunded' }, history)?.refunds).toMatchObject({ net: '$0.00', due: null });
});

test('an erased order has a receipt without a buyer', () => {
  expect(receipt({ email: null, address: null })).toMatchObject({ buyer: null, address: [] });
});

test('the page of a receipt escapes what it shows, and robots do not list it', async () => {
  const hostile = '<script>alert("x")</script>';
  const { render } = createRenderer({
    assetAddress: (file) => file,
    shop: aShop({ name: hostile, addressLines: [hostile], taxNumber: hostile }),
  });
  const order = anOrder({ paidAt, email: hostile, address: { ...address, name: hostile } });
  const details = orderDetails({ order, lines: [aLine({ product: hostile })], transactionId: hostile });
  const page = await render('receipt', { layout: aLayout(), receipt: receiptView(details, 'stripe', now) });
  expect(page).not.toContain(hostile);
  expect(page).toContain('<meta name="robots" content="noindex">');
  expect(page).toContain('<h2 id="buyer-heading">');
  expect(page).toContain('Terms: https://shop.example/terms<br>Imprint: https://shop.example/imprint');
});
