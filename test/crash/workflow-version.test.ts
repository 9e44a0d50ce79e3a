import { afterAll, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { type Fixture, ReusedFixture, untilReady } from '../support/fixture.ts';
import { waitFor } from '../support/wait.ts';
import { runWithKill, sidesOf } from './crash-case.ts';
import { paid, type Scenario } from './scenarios.ts';
import type { Answer } from './shopper.ts';
import { actOnPayment } from './shopper.ts';

// The steps of each workflow version are a contract with the orders in flight (decision 13). The inputs below are as
// the releases stored them: an order in flight goes on with the steps that it began with. Other steps need a new version
// and a new case here.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const version1: Scenario = {
  act: async (fixture, key) => {
    await enqueueCheckout(fixture, key, {
      order: {
        checkoutKey: key,
        items: [{ sku: 'thimble', qty: 1 }],
        email: null,
        browserId: null,
        shownCents: null,
        holdSeconds: 120,
        requestHash: 'a'.repeat(64),
      },
      requestId: 'an earlier request',
      version: 1,
    });
    const answer = await opened(fixture, key);
    await actOnPayment(fixture, 'submit_payment', String(answer.body['payment_id']));
    return answer;
  },
  finalState: { ...paid.finalState, steps: ['openCheckout', 'DBOS.recv'] },
};

/** Starts a checkout with an input, as an earlier release did. */
async function enqueueCheckout(fixture: Fixture, key: string, input: object): Promise<void> {
  await fixture.database.raw(
    `select dbos.enqueue_workflow(
       workflow_name => 'checkout', queue_name => 'money', workflow_id => :id, application_name => 'holdfast',
       positional_args => array[cast(:input as json)]
     )`,
    { id: `checkout-${key}`, input: JSON.stringify(input) },
  );
}

async function opened(fixture: Fixture, key: string): Promise<Answer> {
  const order = await waitFor(
    'the payment session',
    async () => {
      await untilReady(fixture);
      return fixture
        .database('orders')
        .join('payments', 'payments.order_id', 'orders.order_id')
        .where({ checkout_key: key })
        .first<{ order_id: number; session_id: string | null } | undefined>('orders.order_id', 'session_id');
    },
    (found) => typeof found?.session_id === 'string',
  );
  return { status: 201, body: { order_id: order?.order_id, payment_id: order?.session_id } };
}

test.each(draw(sidesOf('commit of openCheckout', 'commit of DBOS.recv'), 1))(
  'an order in flight with workflow version 1, killed %s: charged once, dispatched once, with the steps of version 1',
  (at) => reused.use((fixture) => runWithKill(fixture, version1, { process: 'shop', at })),
);
