import { expect } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { type Arena, untilReady } from './arena.ts';
import { type Answer, actOnPayment, checkout, payTooLate, refund } from './shopper.ts';

/** How an order must have ended, whatever died on the way. */
export interface Ending {
  readonly status: 'dispatched' | 'cancelled' | 'refunded';
  readonly reason: string | null;
  readonly payment: string | null;
  /** What its history tells, each thing once. */
  readonly history: readonly string[];
  /** The steps that its checkout recorded, each once, in the order of the story. */
  readonly steps: readonly string[];
}

/** What happens while the order waits for its payment. */
export type Incident = () => Promise<void>;

/** One way through the shop: what the shopper does, and how it ends. */
export interface Story {
  readonly act: (arena: Arena, key: string, meanwhile?: Incident) => Promise<Answer>;
  readonly ending: Ending;
}

const item = { sku: 'thimble', qty: 1 };
const opened = ['openCheckout'];
const waited = ['DBOS.recv'];

async function checkOut(arena: Arena, key: string): Promise<Answer & { paymentId: string }> {
  const answer = await checkout(arena, key, item);
  expect([200, 201], JSON.stringify(answer.body)).toContain(answer.status);
  return { ...answer, paymentId: String(answer.body['payment_id']) };
}

async function pay(arena: Arena, paymentId: string): Promise<void> {
  const paid = await actOnPayment(arena, 'submit_payment', paymentId);
  expect(paid.body).toMatchObject({ payment_status: 'paid' });
}

const dispatched = {
  status: 'dispatched',
  reason: null,
  payment: 'settled',
  history: ['placed', 'payment_opened', 'paid', 'dispatched'],
} as const;

/** The shopper pays, the goods go out. */
export const paid: Story = {
  act: async (arena, key, meanwhile) => {
    const answer = await checkOut(arena, key);
    await meanwhile?.();
    await pay(arena, answer.paymentId);
    return answer;
  },
  ending: { ...dispatched, steps: [...opened, ...waited] },
};

/** The shopper pays, and no webhook gets through before the hold ends: the shop asks, and finds it paid. */
export const paidUnheard: Story = {
  act: async (arena, key, meanwhile) => {
    arena.line.isCut = true;
    const answer = await checkOut(arena, key);
    await pay(arena, answer.paymentId);
    await meanwhile?.();
    await waitFor(
      'the shop to learn of the payment by itself',
      async () => {
        await untilReady(arena);
        return arena.database('orders').where({ checkout_key: key }).first<{ status: string }>('status');
      },
      ({ status }) => status !== 'pending',
    );
    arena.line.isCut = false;
    return answer;
  },
  ending: {
    ...dispatched,
    steps: [...opened, ...waited, 'endPaymentSession', 'recordPaid', 'concludePayment'],
  },
};

const cancelled = {
  status: 'cancelled',
  payment: 'expired',
  history: ['placed', 'payment_opened', 'cancelled'],
} as const;

/** Has the provider keep a session open after the hold, as Stripe does: then it is the shop that asks and ends it. */
async function outliveHold(arena: Arena, paymentId: string): Promise<void> {
  await arena
    .payments('sessions')
    .where({ id: paymentId })
    .update({ expires_at: arena.payments.raw("expires_at + interval '30 minutes'") });
}

/** Nobody pays: the shop ends the session, which would have lived on as every session at Stripe does, and cancels. */
export const unpaid: Story = {
  act: async (arena, key, meanwhile) => {
    const answer = await checkOut(arena, key);
    await outliveHold(arena, answer.paymentId);
    await meanwhile?.();
    return answer;
  },
  ending: {
    ...cancelled,
    reason: 'hold_expired',
    steps: [...opened, ...waited, 'endPaymentSession', 'concludePayment'],
  },
};

/** The shopper gives up on the payment page. */
export const givenUp: Story = {
  act: async (arena, key) => {
    const answer = await checkOut(arena, key);
    const ended = await actOnPayment(arena, 'cancel_payment', answer.paymentId);
    expect(ended.body).toMatchObject({ status: 'expired' });
    return answer;
  },
  ending: { ...cancelled, reason: 'payment_ended', steps: [...opened, ...waited, 'concludePayment'] },
};

/** The shopper pays, and after the dispatch an operator pays all of it back. */
export const paidBack: Story = {
  act: async (arena, key) => {
    const answer = await checkOut(arena, key);
    await pay(arena, answer.paymentId);
    await untilStatus(arena, key, 'dispatched');
    expect(await refund(arena, Number(answer.body['order_id']))).toMatchObject({ status: 202 });
    return answer;
  },
  ending: {
    status: 'refunded',
    reason: null,
    payment: 'refunded',
    history: [...dispatched.history, 'refund_due', 'refund_made', 'refunded'],
    steps: [...opened, ...waited],
  },
};

/** The order is cancelled, and then it is paid after all: there are units left, so the goods go out. */
export const paidLate: Story = {
  act: async (arena, key) => {
    const answer = await checkOut(arena, key);
    await outliveHold(arena, answer.paymentId);
    await untilStatus(arena, key, 'cancelled');
    await payTooLate(arena, answer.paymentId);
    await untilStatus(arena, key, 'dispatched');
    return answer;
  },
  ending: {
    status: 'dispatched',
    reason: null,
    payment: 'settled',
    history: ['placed', 'payment_opened', 'cancelled', 'paid_late', 'paid', 'dispatched'],
    steps: [...opened, ...waited, 'endPaymentSession', 'concludePayment'],
  },
};

/** The same, but the units have gone to somebody else meanwhile: the money goes back. */
export const paidTooLate: Story = {
  act: async (arena, key) => {
    const all = { sku: 'bell', qty: await available(arena, 'bell') };
    const answer = await checkout(arena, key, all);
    await outliveHold(arena, String(answer.body['payment_id']));
    await untilStatus(arena, key, 'cancelled');
    const other = await checkout(arena, `${key}-other`, { ...all, qty: 1 });
    await pay(arena, String(other.body['payment_id']));
    await payTooLate(arena, String(answer.body['payment_id']));
    await untilStatus(arena, key, 'refunded');
    return answer;
  },
  ending: {
    status: 'refunded',
    reason: 'hold_expired',
    payment: 'refunded',
    history: ['placed', 'payment_opened', 'cancelled', 'paid_late', 'refund_due', 'refund_made', 'refunded'],
    steps: [...opened, ...waited, 'endPaymentSession', 'concludePayment'],
  },
};

async function untilStatus(arena: Arena, key: string, status: string): Promise<void> {
  await waitFor(
    `the order to be ${status}`,
    async () => {
      await untilReady(arena);
      return arena.database('orders').where({ checkout_key: key }).first<{ status: string }>('status');
    },
    (order) => order.status === status,
  );
}

async function available(arena: Arena, sku: string): Promise<number> {
  const row = await arena.database('stock_accounts').where({ sku }).first<{ available: number }>('available');
  return row.available;
}

/** More than there is: refused, and nothing is held. */
export const outOfStock: Story = {
  act: async (arena, key) => {
    const answer = await checkout(arena, key, { ...item, qty: 1000 });
    expect(answer).toMatchObject({ status: 409, body: { code: 'out_of_stock' } });
    return answer;
  },
  ending: {
    status: 'cancelled',
    reason: 'out_of_stock',
    payment: null,
    history: ['cancelled'],
    // What is sold out needs no workflow.
    steps: [],
  },
};
