import { expect, test } from 'vitest';
import { aHistory, anOrder, now } from '../../test/support/storefront-samples.ts';
import { timeline } from './timeline.ts';

type Entries = Parameters<typeof aHistory>;
type Changes = Parameters<typeof anOrder>[0];

const steps = (changes: Changes, ...entries: Entries) =>
  timeline(anOrder(changes), aHistory(...entries), now);
const states = (changes: Changes, ...entries: Entries) =>
  steps(changes, ...entries).map(({ name, state }) => `${name} ${state}`);
const words = (changes: Changes, ...entries: Entries) => steps(changes, ...entries).map(({ word }) => word);

const settled = { paymentState: 'settled', paidAt: now, dispatchDueAt: now } as const;
const paid = ['placed', 'payment_opened', ['paid', { transaction_id: 'pi_1' }]] as const;
const lateCancel = [
  'placed',
  'payment_opened',
  ['cancelled', { reason: 'hold_expired' }],
  'paid_late',
] as const;
const refund = (id: number, cents: number) => ({ refund_id: id, amount_cents: cents });

test('an order on its good way: what happened, what is now, what is ahead', () => {
  expect(states({}, 'placed')).toEqual(['placed done', 'payment now', 'dispatch ahead', 'dispatched ahead']);
  expect(states({}, 'placed', 'payment_opened')).toEqual([
    'placed done',
    'payment now',
    'dispatch ahead',
    'dispatched ahead',
  ]);
  expect(states({ ...settled, status: 'paid' }, ...paid)).toEqual([
    'placed done',
    'paid done',
    'dispatch now',
    'dispatched ahead',
  ]);
  expect(states({ ...settled, status: 'dispatched' }, ...paid, 'dispatched')).toEqual([
    'placed done',
    'paid done',
    'dispatch done',
    'dispatched done',
  ]);
});

test('every step that happened has the time of its entry, and a dispatch that of the payment', () => {
  const times = steps({ ...settled, status: 'dispatched' }, ...paid, 'dispatched').map(
    ({ time }) => time?.iso,
  );
  expect(times).toEqual([
    '2026-11-21T14:30:00.000Z',
    '2026-11-21T14:30:02.000Z',
    '2026-11-21T14:30:02.000Z',
    '2026-11-21T14:30:03.000Z',
  ]);
});

test('an order that was cancelled says why, and has nothing ahead', () => {
  const cancelled = ['cancelled', { reason: 'cancelled_by_shopper' }] as const;
  expect(states({ status: 'cancelled' }, 'placed', 'payment_opened', 'cancel_asked', cancelled)).toEqual([
    'placed done',
    'cancel_asked done',
    'cancelled ended',
  ]);
  expect(words({ status: 'cancelled' }, ['cancelled', { reason: 'out_of_stock' }])).toEqual([
    'Not placed: not enough in stock',
  ]);
});

test('a cancellation that is asked for waits for the provider, unless the payment was faster', () => {
  expect(states({}, 'placed', 'payment_opened', 'cancel_asked').at(-1)).toBe('cancelling now');
  expect(states({ paymentState: 'paid' }, 'placed', 'cancel_asked')).toContain('payment now');
  expect(states({ ...settled, status: 'paid' }, 'placed', 'cancel_asked', 'paid')).toEqual([
    'placed done',
    'cancel_asked done',
    'paid done',
    'dispatch now',
    'dispatched ahead',
  ]);
});

test('a late payment whose units were still there: cancelled first, then taken up again', () => {
  expect(words({ ...settled, status: 'paid' }, ...lateCancel, 'paid')).toEqual([
    'Order placed',
    'Cancelled: no payment in time',
    'Payment arrived late',
    'Everything was still there: the order stands',
    'Dispatch',
    'Dispatched',
  ]);
});

test('a late payment that goes back never counts as paid', () => {
  const due = [...lateCancel, ['refund_due', refund(1, 9999)]] as const;
  expect(states({ status: 'cancelled', paymentState: 'refund_due' }, ...due)).toEqual([
    'placed done',
    'cancelled ended',
    'paid_late done',
    'refund_due done',
    'refund now',
  ]);
  const made = [...due, ['refund_made', refund(1, 9999)], 'refunded'] as const;
  expect(words({ status: 'refunded', paymentState: 'refunded' }, ...made).slice(2)).toEqual([
    'Payment arrived late',
    'Paid back in full',
  ]);
});

test('partial refunds are listed one by one, beside the dispatch and after it', () => {
  const first = [
    ['refund_due', refund(1, 500)],
    ['refund_made', refund(1, 500)],
  ] as const;
  expect(words({ ...settled, status: 'paid' }, ...paid, ...first).slice(2)).toEqual([
    '$5.00 paid back',
    'Dispatch',
    'Dispatched',
  ]);
  const second = [...paid, ...first, 'dispatched', ['refund_due', refund(2, 700)]] as const;
  expect(states({ ...settled, status: 'dispatched' }, ...second).slice(-3)).toEqual([
    'dispatched done',
    'refund_due done',
    'refund now',
  ]);
});

test('all of the money goes back: no dispatch, and none after a refund that the provider made by itself', () => {
  const due = [...paid, ['refund_due', refund(1, 9999)]] as const;
  expect(states({ ...settled, status: 'paid', paymentState: 'refund_due' }, ...due).slice(1)).toEqual([
    'paid done',
    'refund_due done',
    'refund now',
  ]);
  const external = [...paid, ['refund_made', refund(1, 9999)], 'refunded', 'disputed'] as const;
  expect(states({ status: 'refunded', paymentState: 'refunded' }, ...external).slice(1)).toEqual([
    'paid done',
    'refunded done',
    'disputed done',
  ]);
});

test('no entry is shown twice, and none is lost but the opening of the payment page and a promise that was kept', () => {
  const all = [...lateCancel, 'paid', ['refund_due', refund(1, 1)], ['refund_made', refund(1, 1)]] as const;
  const done = steps({ ...settled, status: 'paid' }, ...all).filter(({ time }) => time !== null);
  expect(done.map(({ name }) => name)).toEqual(['placed', 'cancelled', 'paid_late', 'paid', 'refund_made']);
});

const manual = { ...settled, fulfilment: 'manual', status: 'paid' } as const;
const inTwoDays = new Date('2026-11-24T14:30:00Z');

test('an order that an operator ships is being prepared, and says by when, until that day is over', () => {
  const due = { ...manual, dispatchDueAt: inTwoDays };
  expect(states(due, ...paid)).toEqual(['placed done', 'paid done', 'preparing now', 'dispatched ahead']);
  expect(words(due, ...paid)[2]).toBe('Being prepared, to be shipped by Tue 24 Nov');
  expect(words(manual, ...paid)[2]).toBe('Being prepared');
});

test('each parcel is a step, but for a single one that had everything', () => {
  const first = ['shipped', { shipment_id: 1 }] as const;
  const second = ['shipped', { shipment_id: 2 }] as const;
  expect(words(manual, ...paid, first).slice(2)).toEqual([
    'Parcel 1 shipped',
    'Being prepared',
    'Dispatched',
  ]);
  const gone = { ...manual, status: 'dispatched' } as const;
  expect(words(gone, ...paid, first, 'dispatched').slice(2)).toEqual(['Dispatched']);
  expect(words(gone, ...paid, first, second, 'dispatched').slice(2)).toEqual([
    'Parcel 1 shipped',
    'Parcel 2 shipped',
    'Dispatched',
  ]);
});

test('an order whose delivery has days is expected between two days, counted from its dispatch, until they are over', () => {
  const days = { deliveryDaysFrom: 2, deliveryDaysTo: 4 };
  expect(words({ ...manual, ...days, dispatchDueAt: inTwoDays }, ...paid).at(-1)).toBe(
    'Expected between Thu 26 Nov and Mon 30 Nov',
  );
  const gone = { ...settled, ...days, status: 'dispatched' } as const;
  const history = [...paid, 'dispatched'] as const;
  expect(steps({ ...gone, dispatchedAt: now }, ...history).at(-1)).toMatchObject({
    name: 'arrival',
    state: 'ahead',
    word: 'Expected between Tue 24 Nov and Thu 26 Nov',
  });
  const aWeekAgo = new Date('2026-11-13T14:30:00Z');
  expect(words({ ...gone, dispatchedAt: aWeekAgo }, ...history).at(-1)).toBe('Dispatched');
  const refunding = { ...gone, dispatchedAt: now };
  expect(words(refunding, ...history, ['refund_due', refund(1, 500)]).at(-1)).toBe('Refund under way');
});

test('an order whose units were all refunded before they were shipped is not expected', () => {
  const gone = { ...settled, status: 'dispatched', dispatchedAt: now, nothingSent: true } as const;
  const delivery = { deliveryDaysFrom: 1, deliveryDaysTo: 2 };
  expect(states({ ...gone, ...delivery }, ...paid, 'dispatched')).toEqual([
    'placed done',
    'paid done',
    'dispatched ended',
  ]);
  expect(words({ ...gone, ...delivery }, ...paid, 'dispatched').at(-1)).toBe('Nothing is left to send');
});
