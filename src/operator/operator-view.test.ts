import { expect, test } from 'vitest';
import { aLayout, aShop, now } from '../../test/support/storefront-samples.ts';
import type { Accounts, OpenAttentionItem, ReconciliationRow } from '../database/queries/reconciliation.ts';
import { createRenderer } from '../storefront/render.ts';
import { shownTime } from '../storefront/times.ts';
import { type OperatorSource, operatorView } from './operator-view.ts';
import { operatorWords } from './words.ts';

const { render } = createRenderer({ assetAddress: (file) => file, shop: aShop(), texts: { operatorWords } });
const hostile = '<script>alert("x")</script>';

const typed = { order: '', amount: '', reason: '', units: {}, delivery: false, all: false } as const;
const form = { ...typed, restock: 'usual', key: 'key-1' } as const;
const typedShipment = { order: '', units: {}, carrier: '', number: '', link: '', key: 'key-2' } as const;
const nothing: OperatorSource = {
  attention: [],
  reconciliations: [],
  executors: [],
  accounts: { stock: [], codes: [], money: [], contradictions: 0 },
  outcome: null,
  stockPage: 1,
  after: null,
  unresolved: null,
  shipping: { waiting: { orders: [], inAll: 0 }, order: null, typed: typedShipment, done: null, fault: null },
  refund: null,
  form,
  refundable: null,
  fault: null,
};

const anItem = (changes: Partial<OpenAttentionItem> = {}): OpenAttentionItem => ({
  attentionId: 5,
  kind: 'refund_failed',
  subject: '3',
  orderId: 7,
  token: 'token-of-seven',
  reason: { code: 'refund_refused', message: 'no such charge' },
  count: 1,
  raisedAt: new Date('2026-11-20T09:05:00Z'),
  resolvedAt: null,
  resolution: null,
  note: null,
  ...changes,
});

const accounts: Accounts = {
  stock: [
    {
      sku: 'cleat',
      product: 'Premium Quality Widget',
      available: 1099,
      held: 2,
      sold: 5,
      supplied: 1106,
      balanced: true,
    },
  ],
  codes: [{ code: 'SPRING', free: 7, held: 1, used: 1992, issued: 2000, balanced: true }],
  money: [
    { currency: 'JPY', charged: 1200, refunded: 0, refund_due: 0, earned: 1200 },
    { currency: 'USD', charged: 50_000, refunded: 1250, refund_due: 999, earned: 47_751 },
  ],
  contradictions: 0,
};

const compared: ReconciliationRow = {
  scope: 'provider',
  runs: 3,
  lastRunAt: new Date('2026-11-21T14:07:00Z'),
  repaired: { missed_events: 2, missed_payments: 1, sessions_ended: 0 },
  report: { differences: { missed_events: 0, missed_payments: 1, sessions_ended: 0 } },
};

const view = (changes: Partial<OperatorSource> = {}) => operatorView({ ...nothing, ...changes }, now);
const page = (changes: Partial<OperatorSource> = {}) =>
  render('operator', { operator: view(changes), layout: aLayout() });

test('every part of the page has a text for a shop without orders', async () => {
  const html = await page();
  for (const said of ['Nothing needs you.', 'No payment yet.', 'Not yet']) {
    expect(html).toContain(said);
  }
  expect(html).not.toContain('/attention/');
});

test.each([
  ['checkout_failed', true],
  ['dispatch_failed', true],
  ['refund_failed', true],
  ['email_failed', true],
  ['event_mismatch', false],
  ['dispute', false],
  ['payment_unknown', false],
  ['overdue', false],
  ['accounts_wrong', false],
] as const)('an item of kind %s can be retried: %s', async (kind, restartable) => {
  const html = await page({ attention: [anItem({ kind })] });
  expect(html.includes('/operator/attention/5/retry')).toBe(restartable);
  expect(html).toContain('/operator/attention/5/resolve');
});

test('an attention item shows its time, its reason and a link to its order', () => {
  expect(view({ attention: [anItem()] }).attention).toMatchObject([
    {
      word: 'A refund that was not made',
      order: { name: 'Order 7', token: 'token-of-seven' },
      reason: 'The provider refuses: no such charge',
      time: { iso: '2026-11-20T09:05:00.000Z', text: '20 Nov, 09:05 UTC' },
      resolveHint: 'Counts the refund as made. No more money goes back.',
    },
  ]);
  expect(view({ attention: [anItem({ orderId: null, token: null })] }).attention).toMatchObject([
    { order: null },
  ]);
});

test('a full page of attention items links to the next one, and a later page to the first', async () => {
  const hundred = Array.from({ length: 100 }, (_one, index) => anItem({ attentionId: index + 1 }));
  const first = await page({ attention: hundred });
  expect(first).toContain('href="/operator?after=100"');
  expect(first).not.toContain('Back to the first items');
  const last = await page({ attention: [anItem({ attentionId: 101 })], after: 100 });
  expect(last).toContain('<a href="/operator">Back to the first items</a>');
  expect(last).not.toContain('Further items');
  expect(last).toContain('action="/operator/attention/101/resolve?after=100"');
});

test('an item that happened several times says so', async () => {
  expect(await page({ attention: [anItem({ count: 131 })] })).toContain('131 times; this is the newest.');
  expect(await page({ attention: [anItem()] })).not.toContain('times;');
});

test('an attention item that was resolved meanwhile takes no resolution', () => {
  const unresolved = { attentionId: 6, typed: '' };
  expect(view({ attention: [anItem()], unresolved }).notice?.text).toContain('not open any more');
  const open = view({ attention: [anItem()], unresolved: { attentionId: 5, typed: ' ' } });
  expect(open).toMatchObject({ notice: null, attention: [{ typed: ' ', fault: open.title }] });
});

test('each sum of money is shown in its currency, with the time at which it was added up', () => {
  expect(view({ accounts }).sums).toEqual({
    time: shownTime(now, now),
    contradictions: 'No order contradicts its payment.',
    consistent: true,
    money: [
      { currency: 'JPY', charged: '¥1,200', refunded: '¥0', due: '¥0', kept: '¥1,200' },
      { currency: 'USD', charged: '$500.00', refunded: '$12.50', due: '$9.99', kept: '$477.51' },
    ],
    stock: [
      {
        name: 'Premium Quality Widget',
        available: '1,099',
        held: '2',
        sold: '5',
        supplied: '1,106',
        balanced: true,
      },
    ],
    codes: [{ name: 'SPRING', available: '7', held: '1', sold: '1,992', supplied: '2,000', balanced: true }],
    pages: { text: 'Products 1 to 1 of 1, those that do not add up first.', before: null, after: null },
  });
});

test('the stock of many products has pages, and those that do not add up are on the first one', () => {
  const [row] = accounts.stock;
  const stock = Array.from({ length: 10_000 }, (_, index) => ({
    ...row!,
    product: `Product ${index}`,
    balanced: index !== 9_000,
  }));
  const sums = (stockPage: number) => view({ accounts: { ...accounts, stock }, stockPage }).sums;
  expect(
    sums(1)
      .stock.slice(0, 2)
      .map(({ name }) => name),
  ).toEqual(['Product 9000', 'Product 0']);
  expect(sums(1)).toMatchObject({ stock: { length: 50 }, pages: { before: null, after: 2 } });
  const text = 'Products 9,951 to 10,000 of 10,000, those that do not add up first.';
  for (const last of [200, 201, 2_000_000]) {
    expect(sums(last).pages).toEqual({ text, before: 199, after: null });
  }
});

test('sums that do not add up say so in words, not by colour alone', async () => {
  const wrong = {
    ...accounts,
    stock: accounts.stock.map((row) => ({ ...row, sku: 'gone', balanced: false })),
    codes: accounts.codes.map((row) => ({ ...row, balanced: false })),
    contradictions: 2,
  };
  const html = await page({ accounts: wrong });
  expect(html).toContain('Does not add up');
  expect(html).toContain('2 orders contradict their payments.');
  expect(html).not.toContain('Balanced');
});

test('repairs of reconciliation are worded, and repairs that did not happen are left out', () => {
  const shop: ReconciliationRow = {
    scope: 'shop',
    runs: 1234,
    lastRunAt: now,
    repaired: { restarted: 2, events_placed: 0, unheard_of: 1 },
    report: { restarted: 0, events_placed: 0 },
  };
  expect(view({ reconciliations: [compared, shop] }).scopes).toMatchObject([
    {
      name: 'Our own records',
      runs: '1,234',
      last: 'Nothing',
      inAll: '2 pieces of work begun again, 1 unheard_of',
    },
    {
      last: '1 missed payment taken in',
      inAll: '2 missed messages taken in, 1 missed payment taken in',
    },
  ]);
});

test.each([
  ['due', /^Order 7: refund no\. 3, \$12\.50, is promised\./],
  ['made', 'Order 7: refund no. 3, $12.50, was made.'],
] as const)('a refund that is %s is worded by its state', (state, said) => {
  const refund = {
    refundId: 3,
    orderId: 7,
    amountCents: 1250,
    reason: 'operator' as const,
    note: hostile,
    actor: 'operator',
    request: null,
    requestKey: 'key',
    state,
    providerRefundId: null,
    createdAt: now,
    madeAt: null,
    currency: 'USD',
    token: 'token-of-seven',
  };
  expect(view({ refund }).title).toMatch(said);
});

test('a fault stands at its field, which has the focus and what was typed', async () => {
  const typed = { ...form, order: '7', amount: '1000', restock: 'no' } as const;
  const fault = { what: 'refund_too_large', left: '$12.50', example: '' } as const;
  const html = await page({ form: typed, fault });
  const [amount] = /<input id="refund-amount"[^>]*>/.exec(html) ?? [];
  expect(amount).toContain('value="1000"');
  expect(amount).toContain(
    'aria-describedby="refund-amount-hint refund-fault" aria-invalid="true" autofocus',
  );
  expect(html.match(/autofocus/g)).toHaveLength(1);
  expect(html.match(/id="refund-fault"/g)).toHaveLength(1);
  expect(html).toContain('At most $12.50 of this order can still be paid back.');
  expect(html).toMatch(/value="no" checked/);
});

test.each([
  'order_unreadable',
  'unknown_order',
  'not_refundable',
  'amount_unreadable',
  'refund_indivisible',
  'reason_unreadable',
  'restock_needs_full_refund',
  'key_reused',
] as const)('%s shows at one field', async (what) => {
  const html = await page({ fault: { what, left: '', example: '$12.50' } });
  expect(html.match(/id="refund-fault"/g)).toHaveLength(1);
  expect(html.match(/autofocus/g)).toHaveLength(1);
  expect(html).not.toMatch(/\{(left|example)\}/);
});

test('an unknown payment shows amount, e-mail address and charge, and cannot be tried again', async () => {
  const payment = { orderId: 12, amountCents: 1890, currency: 'USD', transactionId: 'pi_12' } as const;
  const show = (email: string | null) =>
    page({
      attention: [
        anItem({
          kind: 'unknown_payment',
          orderId: null,
          token: null,
          reason: { code: 'unknown_order', ...payment, email },
        }),
      ],
    });
  const html = await show('ada@reader.example');
  expect(html).toContain(
    '$18.90 was paid by ada@reader.example for order 12, which is not in this database.',
  );
  expect(html).toContain('Refund the charge pi_12');
  expect(html).not.toContain('/retry"');
  expect(await show(null)).toContain('a buyer without an e-mail address');
});

test('events of another version name both versions, and cannot be tried again', async () => {
  const reason = { code: 'event_version', version: '2024-06-20', expected: '2026-10-28.endive' } as const;
  const item = anItem({ kind: 'event_version', subject: '2024-06-20', orderId: null, token: null, reason });
  const html = await page({ attention: [item] });
  expect(html).toMatch(/come in version 2024-06-20 .+ Register the webhook with version 2026-10-28\.endive/);
  expect(html).not.toContain('/retry"');
});

test('a refund that is still asked for says what a retry and a resolution do', async () => {
  const html = await page({
    attention: [anItem({ reason: { code: 'refund_unconfirmed', error: 'no answer' } })],
  });
  expect(html).toContain('The shop has not stopped asking for the refund');
  expect(html).toContain('Counts the refund as made, and stops asking for it.');
  expect(await page({ attention: [anItem()] })).toContain(
    'Asks the payment service for the refund once more.',
  );
});

test('text of other origin is escaped, and nothing is inline', async () => {
  const html = await page({
    attention: [anItem({ reason: { code: 'workflow_failed', error: hostile }, token: hostile })],
    accounts: { ...accounts, stock: [{ ...accounts.stock[0]!, product: hostile }] },
    reconciliations: [{ ...compared, repaired: { [hostile]: 1 } }],
    unresolved: { attentionId: 5, typed: hostile },
    form: { ...form, order: hostile, amount: hostile, reason: hostile, key: hostile },
  });
  expect(html).not.toContain(hostile);
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?! (type="module"|defer) src=)/);
});
