import { afterAll, describe, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { type Arena, ArenaPool, untilReady } from './arena.ts';
import { bothSidesOf, caseTimeout, tellWithKill } from './crash-case.ts';
import type { Answer } from './shopper.ts';
import { actOnPayment } from './shopper.ts';
import { paid, type Story } from './stories.ts';

// An order in flight from before checkouts had a story number goes on with the steps that it began with (decision 13).

const arenas = new ArenaPool({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => arenas.close());

const paidInFlight: Story = {
  act: async (arena, key) => {
    await startAsBefore(arena, key);
    const answer = await opened(arena, key);
    await actOnPayment(arena, 'submit_payment', String(answer.body['payment_id']));
    return answer;
  },
  ending: {
    ...paid.ending,
    steps: ['placeOrder', 'openPaymentSession', 'recordSession', 'DBOS.setEvent', 'DBOS.recv'],
  },
};

/** Starts a checkout with the input that the shop gave it then. */
async function startAsBefore(arena: Arena, key: string): Promise<void> {
  const order = {
    checkoutKey: key,
    requestHash: 'a'.repeat(64),
    items: [{ sku: 'thimble', qty: 1 }],
    email: null,
    shownCents: null,
    holdSeconds: 120,
  };
  await arena.database.raw(
    `select dbos.enqueue_workflow(
       workflow_name => 'checkout', queue_name => 'money', workflow_id => :id, application_name => 'holdfast',
       positional_args => array[cast(:input as json)]
     )`,
    { id: `checkout-${key}`, input: JSON.stringify({ order, requestId: 'before' }) },
  );
}

async function opened(arena: Arena, key: string): Promise<Answer> {
  const order = await waitFor(
    'the payment session',
    async () => {
      await untilReady(arena);
      return arena
        .database('orders')
        .join('payments', 'payments.order_id', 'orders.order_id')
        .where({ checkout_key: key })
        .first<{ order_id: number; session_id: string | null } | undefined>('orders.order_id', 'session_id');
    },
    (found) => typeof found?.session_id === 'string',
  );
  return { status: 201, body: { order_id: order?.order_id, payment_id: order?.session_id } };
}

describe('an order of the first story, the shop', () => {
  test.concurrent.each(bothSidesOf('placeOrder', 'recordSession', 'DBOS.setEvent', 'DBOS.recv'))(
    'killed %s: charged once, dispatched once, with the steps of that story',
    (at) => arenas.use((arena) => tellWithKill(arena, paidInFlight, { process: 'shop', at })),
    caseTimeout,
  );
});
