import { expect } from 'vitest';
import { type Fixture, untilReady } from '../support/fixture.ts';
import { expectMoneyRight, expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { waitFor } from '../support/wait.ts';
import type { FinalState } from './scenarios.ts';
import type { Answer } from './shopper.ts';

interface Unfinished {
  readonly orders: string | null;
  readonly workflows: string | null;
  readonly events: string;
}

/** Waits until nothing is left to do: every order, every workflow and every event of the provider is at its end. */
export async function untilSettled(fixture: Fixture): Promise<void> {
  await waitFor(
    'everything to come to its end',
    async (): Promise<Unfinished> => {
      await untilReady(fixture);
      const shop = await fixture.database.raw<{ rows: Omit<Unfinished, 'events'>[] }>(unfinished);
      const waiting = await fixture.payments('events').whereNull('delivered_at').pluck('type');
      return { orders: null, workflows: null, ...shop.rows[0], events: waiting.join() };
    },
    ({ orders, workflows, events }) => orders === null && workflows === null && events === '',
  );
}

const unfinished = `
  select (select string_agg(order_id || ' ' || status, ', ') from orders where status in ('pending', 'paid')) as orders,
         (select string_agg(workflow_uuid || ' ' || status, ', ') from dbos.workflow_status
          where status in ('PENDING', 'ENQUEUED', 'DELAYED')) as workflows`;

const failures = ['ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'];

/** The promises of README about everything in the fixture, by SQL and by the simulator's ledger. */
export async function expectPromisesKept(fixture: Fixture): Promise<void> {
  await expectStockBalanced(fixture.database);
  for (const { sku, held } of Object.values(await stockAccounts(fixture.database))) {
    expect(held, `held of ${sku} with no order pending`).toBe(0);
  }
  await expectMoneyRight(fixture.database, fixture.paymentUrl);
  const failed = await fixture
    .database('dbos.workflow_status')
    .whereIn('status', failures)
    .select('workflow_uuid', 'status');
  expect(failed, 'workflows that failed').toEqual([]);
}

/** The order of one checkout key: there once, as it was acknowledged, at its end, and every step of it done once. */
export async function expectFinalState(
  fixture: Fixture,
  key: string,
  answer: Answer,
  finalState: FinalState,
): Promise<void> {
  const orders = await fixture
    .database('orders')
    .leftJoin('payments', 'payments.order_id', 'orders.order_id')
    .where({ checkout_key: key })
    .select('orders.order_id', 'status', 'reason', 'session_id', 'state');
  expect(orders, `orders of the key ${key}`).toEqual([
    {
      order_id: answer.body['order_id'],
      status: finalState.status,
      reason: finalState.reason,
      session_id: answer.body['payment_id'] ?? null,
      state: finalState.payment,
    },
  ]);
  const orderId = Number(answer.body['order_id']);
  expect(await history(fixture, orderId), 'history').toEqual(finalState.history);
  expect(await steps(fixture, `checkout-${key}`), 'steps of the checkout').toEqual(finalState.steps);
  const dispatch = finalState.history.includes('dispatched') ? ['dispatchOrder'] : [];
  expect(await steps(fixture, `dispatch-${orderId}`), 'steps of the dispatch').toEqual(dispatch);
  expect(await sessions(fixture, orderId), 'payment sessions').toEqual(
    finalState.payment === null ? [] : [answer.body['payment_id']],
  );
}

async function history(fixture: Fixture, orderId: number): Promise<string[]> {
  const rows = await fixture
    .database('order_history')
    .where({ order_id: orderId })
    .orderBy('history_id')
    .select('what');
  return rows.map(({ what }) => what);
}

const askedAgain = /(DBOS\.recv endPaymentSession settleOrCancel )+DBOS\.recv (endPaymentSession )?/g;
const asked = 'DBOS.recv endPaymentSession ';
// The engine's note of how long a recv may take; there is none when that time was over before the workflow came to it.
const noteOfEngine = 'DBOS.sleep';

async function steps(fixture: Fixture, workflowId: string): Promise<string[]> {
  const rows = await fixture
    .database('dbos.operation_outputs')
    .where({ workflow_uuid: workflowId })
    .orderBy('function_id')
    .select<{ function_name: string }[]>('function_name');
  const names = rows.map((row) => row.function_name).filter((name) => name !== noteOfEngine);
  // While the payment service is away the shop repeats its call until it has an answer.
  return names.join(' ').replaceAll(askedAgain, asked).split(' ').filter(Boolean);
}

async function sessions(fixture: Fixture, orderId: number): Promise<string[]> {
  const rows = await fixture
    .payments('sessions')
    .where({ client_reference_id: String(orderId) })
    .select<{ id: string }[]>('id');
  return rows.map(({ id }) => id);
}
