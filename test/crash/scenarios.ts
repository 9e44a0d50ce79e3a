import { expect } from 'vitest';
import { fieldIn, Visitor } from '../support/browser.ts';
import { type Fixture, untilReady } from '../support/fixture.ts';
import { waitFor } from '../support/wait.ts';
import {
  type Answer,
  actOnPayment,
  checkout,
  type OrderRequest,
  payTooLate,
  refund,
  restock,
} from './shopper.ts';

/** How an order must have ended, whatever died on the way. */
export interface FinalState {
  readonly status: 'dispatched' | 'cancelled' | 'refunded';
  readonly reason: string | null;
  readonly payment: string | null;
  /** Its history, each entry once. */
  readonly history: readonly string[];
  /** The steps that its checkout recorded, each once, in the order of the scenario. */
  readonly steps: readonly string[];
}

/** The events while the order waits for its payment. */
export type Incident = () => Promise<void>;

/** One scenario: the shopper's actions and the final state. */
export interface Scenario {
  readonly act: (fixture: Fixture, key: string, meanwhile?: Incident) => Promise<Answer>;
  readonly finalState: FinalState;
}

const item = { sku: 'thimble', qty: 1 };
const opened = ['openCheckout'];
const waited = ['DBOS.recv'];

async function checkOut(
  fixture: Fixture,
  key: string,
  wanted: OrderRequest = item,
): Promise<Answer & { paymentId: string }> {
  const answer = await checkout(fixture, key, wanted);
  expect([200, 201], JSON.stringify(answer.body)).toContain(answer.status);
  return { ...answer, paymentId: String(answer.body['payment_id']) };
}

async function pay(fixture: Fixture, paymentId: string): Promise<void> {
  const paid = await actOnPayment(fixture, 'submit_payment', paymentId);
  expect(paid.body).toMatchObject({ payment_status: 'paid' });
}

const dispatched = {
  status: 'dispatched',
  reason: null,
  payment: 'settled',
  history: ['placed', 'payment_opened', 'paid', 'dispatched'],
} as const;

/** The shopper pays, the goods go out. */
export const paid: Scenario = {
  act: async (fixture, key, meanwhile) => {
    const answer = await checkOut(fixture, key);
    await meanwhile?.();
    await pay(fixture, answer.paymentId);
    return answer;
  },
  finalState: { ...dispatched, steps: [...opened, ...waited] },
};

/** The shopper pays, and no webhook gets through before the hold ends: the shop asks, and finds it paid. */
export const paidWithoutWebhook: Scenario = {
  act: async (fixture, key, meanwhile) => {
    fixture.webhooks.isCut = true;
    const answer = await checkOut(fixture, key);
    await pay(fixture, answer.paymentId);
    await meanwhile?.();
    await waitFor(
      'the shop to learn of the payment by itself',
      async () => {
        await untilReady(fixture);
        return fixture.database('orders').where({ checkout_key: key }).first<{ status: string }>('status');
      },
      ({ status }) => status !== 'pending',
    );
    fixture.webhooks.isCut = false;
    return answer;
  },
  finalState: {
    ...dispatched,
    steps: [...opened, ...waited, 'endPaymentSession', 'recordPaidSession', 'settleOrCancel'],
  },
};

/** The shopper changes an order that waits, presses again until there is an answer, and pays. */
export const changed: Scenario = {
  act: async (fixture, key, meanwhile) => {
    const visitor = new Visitor(fixture.shopUrl);
    await visitor.post('/cart/lines', { ...item, qty: '1' });
    const old = await pressUntilPayable(fixture, visitor);
    await visitor.post(`/orders/${old.token}/change`, {});
    await visitor.post('/cart/lines/thimble', { qty: '3' });
    await fixture.database('carts').update({ checkout_key: key }).where({ changes_order_id: old.order_id });
    const placed = await pressUntilPayable(fixture, visitor);
    await meanwhile?.();
    const row = await fixture.database('orders').where({ order_id: old.order_id }).first();
    expect(row).toMatchObject({ status: 'cancelled', reason: 'changed_by_shopper' });
    const session = await fixture.payments('sessions').where({ id: old.session_id }).first();
    expect(session.status, 'the session of the changed order').toBe('expired');
    await pay(fixture, placed.session_id);
    return { status: 201, body: { order_id: placed.order_id, payment_id: placed.session_id } };
  },
  finalState: { ...dispatched, steps: [...opened, ...waited] },
};

/** Presses “Order and pay”, with the same form, until the answer leads to the payment. */
async function pressUntilPayable(
  fixture: Fixture,
  visitor: Visitor,
): Promise<{ order_id: number; token: string; session_id: string }> {
  const { text } = await visitor.get('/cart/checkout');
  const form = {
    key: fieldIn(text, 'key'),
    fingerprint: fieldIn(text, 'fingerprint'),
    email: 'ann@example.com',
  };
  const isChange = text.includes('name="changes"');
  await waitFor(
    'the payment page',
    async () => {
      await untilReady(fixture);
      return visitor.post('/cart/checkout', {
        ...form,
        ...(isChange && { changes: fieldIn(text, 'changes') }),
      });
    },
    ({ location }) => location?.startsWith(fixture.paymentUrl) ?? false,
  );
  return fixture
    .database('orders')
    .join('payments', 'payments.order_id', 'orders.order_id')
    .where({ checkout_key: form.key })
    .first('orders.order_id', 'token', 'session_id');
}

const cancelled = {
  status: 'cancelled',
  payment: 'expired',
  history: ['placed', 'payment_opened', 'cancelled'],
} as const;

/** Has the provider keep a session open after the hold, as Stripe does: then it is the shop that asks and ends it. */
async function outliveHold(fixture: Fixture, paymentId: string): Promise<void> {
  await fixture
    .payments('sessions')
    .where({ id: paymentId })
    .update({ expires_at: fixture.payments.raw("expires_at + interval '30 minutes'") });
}

/** Without a payment the shop ends the session, which would outlive the hold, and cancels the order. */
export const unpaid: Scenario = {
  act: async (fixture, key, meanwhile) => {
    const answer = await checkOut(fixture, key);
    await outliveHold(fixture, answer.paymentId);
    await meanwhile?.();
    return answer;
  },
  finalState: {
    ...cancelled,
    reason: 'hold_expired',
    steps: [...opened, ...waited, 'endPaymentSession', 'settleOrCancel'],
  },
};

/** The shopper gives up on the payment page. */
export const givenUp: Scenario = {
  act: async (fixture, key) => {
    const answer = await checkOut(fixture, key);
    const ended = await actOnPayment(fixture, 'cancel_payment', answer.paymentId);
    expect(ended.body).toMatchObject({ status: 'expired' });
    return answer;
  },
  finalState: { ...cancelled, reason: 'payment_ended', steps: [...opened, ...waited, 'settleOrCancel'] },
};

/** The shopper pays, and after the dispatch an operator pays all of it back. */
export const paidBack: Scenario = {
  act: async (fixture, key) => {
    const answer = await checkOut(fixture, key);
    await pay(fixture, answer.paymentId);
    await untilStatus(fixture, key, 'dispatched');
    expect(await refund(fixture, Number(answer.body['order_id']))).toMatchObject({ status: 202 });
    return answer;
  },
  finalState: {
    status: 'refunded',
    reason: null,
    payment: 'refunded',
    history: [...dispatched.history, 'refund_due', 'refund_made', 'refunded'],
    steps: [...opened, ...waited],
  },
};

/** The order is cancelled, and then it is paid after all: there are units left, so the goods go out. */
export const paidLate: Scenario = {
  act: async (fixture, key) => {
    const answer = await checkOut(fixture, key);
    await outliveHold(fixture, answer.paymentId);
    await untilStatus(fixture, key, 'cancelled');
    await payTooLate(fixture, answer.paymentId);
    await untilStatus(fixture, key, 'dispatched');
    return answer;
  },
  finalState: {
    status: 'dispatched',
    reason: null,
    payment: 'settled',
    history: ['placed', 'payment_opened', 'cancelled', 'paid_late', 'paid', 'dispatched'],
    steps: [...opened, ...waited, 'endPaymentSession', 'settleOrCancel'],
  },
};

/** The same, but another order has taken the units: the payment is refunded. */
export const paidTooLate: Scenario = {
  act: async (fixture, key) => {
    // The scenario sells a unit each time.
    await restock(fixture, 'bell');
    const all = { sku: 'bell', qty: await available(fixture, 'bell') };
    const answer = await checkOut(fixture, key, all);
    await outliveHold(fixture, answer.paymentId);
    await untilStatus(fixture, key, 'cancelled');
    const other = await checkOut(fixture, `${key}-other`, { ...all, qty: 1 });
    await pay(fixture, other.paymentId);
    await payTooLate(fixture, answer.paymentId);
    await untilStatus(fixture, key, 'refunded');
    return answer;
  },
  finalState: {
    status: 'refunded',
    reason: 'hold_expired',
    payment: 'refunded',
    history: ['placed', 'payment_opened', 'cancelled', 'paid_late', 'refund_due', 'refund_made', 'refunded'],
    steps: [...opened, ...waited, 'endPaymentSession', 'settleOrCancel'],
  },
};

async function untilStatus(fixture: Fixture, key: string, status: string): Promise<void> {
  await waitFor(
    `the order to be ${status}`,
    async () => {
      await untilReady(fixture);
      return fixture.database('orders').where({ checkout_key: key }).first<{ status: string }>('status');
    },
    (order) => order.status === status,
  );
}

async function available(fixture: Fixture, sku: string): Promise<number> {
  const row = await fixture
    .database('stock_accounts')
    .where({ sku })
    .first<{ available: number }>('available');
  return row.available;
}

/** More than there is: refused, and nothing is held. */
export const outOfStock: Scenario = {
  act: async (fixture, key) => {
    const answer = await checkout(fixture, key, { ...item, qty: 1000 });
    expect(answer).toMatchObject({ status: 409, body: { code: 'out_of_stock' } });
    return answer;
  },
  finalState: {
    status: 'cancelled',
    reason: 'out_of_stock',
    payment: null,
    history: ['cancelled'],
    // A sold-out checkout needs no workflow.
    steps: [],
  },
};
