import { afterEach, expect, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { waysToCancel } from '../support/edges.ts';
import {
  ask,
  becomes,
  pay,
  placeOrder,
  placePaidOrder,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectMoneyRight } from '../support/promises.ts';
import { authorized, everyRefundMade, refund } from '../support/refunds.ts';
import { waitFor } from '../support/wait.ts';
import { type Host, type Hosts, openHosts } from './hosts.ts';

// Two hosts share a database. One of them goes, and the other does all of its work. Reconciliation, which would also find some of it,
// does not run meanwhile.

const holdSeconds = 12;
const settings = {
  HOLD_SECONDS: String(holdSeconds),
  DISPATCH_SECONDS: '1',
  PAYMENT_TIMEOUT_SECONDS: '1',
  // A busy machine loses a host only after several answers of the provider have come too late.
  PAYMENT_RETRIES: '6',
  RECONCILE_SECONDS: '3600',
};
const orderCount = 6;

let open: Hosts | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function twoHosts(more: Readonly<Record<string, string>> = {}): Promise<readonly [Host, Host]> {
  open = await openHosts(2, { ...settings, ...more });
  const [first, second] = open.hosts;
  if (!first || !second) throw new Error('There are two hosts.');
  return [first, second];
}

function placeOrders(host: Host): Promise<TestOrder[]> {
  return Promise.all(Array.from({ length: orderCount }, () => placeOrder(host)));
}

async function setAllFaults({ paymentUrl }: Host, faults: Readonly<Record<string, number>>): Promise<void> {
  await ask(`${paymentUrl}/control/faults`, { faults }, { method: 'PUT' });
}

/** Starts a checkout whose payment session the provider does not open in time; its key. */
async function beginCheckout(host: Host): Promise<string> {
  const key = 'being-opened';
  await setAllFaults(host, { api_timeout: 1 });
  void ask(`${host.shopUrl}/checkout/${key}`).catch(() => undefined);
  await waitFor(
    'the order of the checkout',
    () => host.database('orders').where({ checkout_key: key }).first('order_id'),
    (row) => row !== undefined,
  );
  return key;
}

function untilCancelled(host: Host, orders: readonly TestOrder[]): Promise<unknown> {
  return Promise.all(orders.map((order) => becomes(host, order, { status: 'cancelled', state: 'expired' })));
}

async function untilCheckoutEnds({ database }: Host, keys: readonly string[]): Promise<void> {
  await waitFor(
    'the workflows of the checkouts to end',
    () =>
      database('dbos.workflow_status')
        .whereIn(
          'workflow_uuid',
          keys.map((key) => `checkout-${key}`),
        )
        .pluck('status'),
    (statuses) => statuses.length === keys.length && statuses.every((status) => status === 'SUCCESS'),
  );
}

/** The executor ids from which workflows were taken over. */
function takenFrom({ database }: Host): Promise<string[]> {
  return database('take_overs').distinct().pluck('from_executor');
}

/** The executor ids of the living processes. */
function living({ database }: Host): Promise<string[]> {
  return database('executors').whereNull('ended_at').pluck('executor_id');
}

test('a host that is lost: the other does all that was due, in progress or waiting there', async () => {
  const [lost, other] = await twoHosts();
  const paid = await placePaidOrder(lost);
  await setFaults(lost, paid, { api_error_before: 1 });
  expect((await refund(lost, paid, { amount: 100 }, authorized)).status).toBeLessThan(300);
  const cancelled = await placeOrder(lost);
  await setFaults(lost, cancelled, { api_timeout: 1 });
  await waysToCancel['on the order’s page'](lost, cancelled);
  const [unpaid, paidLater] = await Promise.all([placeOrders(lost), placeOrder(lost)]);
  const key = await beginCheckout(lost);

  await lost.process.leave('SIGKILL');
  const since = performance.now();
  const after = (): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  await setAllFaults(other, {});
  await Promise.all([cancelled, paid].map((order) => setFaults(other, order, {})));
  await pay(other, paidLater);
  await becomes(other, paidLater, { status: ['paid', 'dispatched'] });
  const done: Record<string, string> = { 'paid by a webhook': after() };
  await Promise.all([
    everyRefundMade(other).then(() => (done['refund'] = after())),
    becomes(other, cancelled, { status: 'cancelled' }).then(
      () => (done['cancelled by its shopper'] = after()),
    ),
    untilCancelled(other, unpaid).then(() => (done['past its hold'] = after())),
    becomes(other, paidLater, { status: 'dispatched' }).then(() => (done['dispatch'] = after())),
    untilCheckoutEnds(other, [paidLater.key]).then(() => (done['workflow of a paid checkout'] = after())),
    waitFor(
      'the payment session that was being opened',
      () =>
        other
          .database('payments')
          .join('orders', 'orders.order_id', 'payments.order_id')
          .where('checkout_key', key)
          .first<{ session_id: string | null }>('session_id'),
      ({ session_id: session }) => session !== null,
    ).then(() => (done['session being opened'] = after())),
  ]);
  console.info(`After the loss of a host: ${JSON.stringify(done)}`);
});

/** The other cases. Each starts processes and waits, so only one is drawn. */
const others: readonly (readonly [name: string, run: () => Promise<void>])[] = [
  ['a host that is stopped in order hands its work on', stopInOrder],
  ['processes with one label that overlap strand nothing', overlap],
  [
    'a process that is frozen is taken over, takes over nobody, and charges nobody twice when it goes on',
    freeze,
  ],
];

test.each(draw(others, 1))('%s', (_name, run) => run());

async function stopInOrder(): Promise<void> {
  const [stopped, other] = await twoHosts();
  const orders = await placeOrders(stopped);
  await stopped.process.leave('SIGTERM');
  // Reported by the process itself: nobody has noticed its silence yet.
  expect(await living(other)).toHaveLength(1);
  const stoppedAt = performance.now();
  await waitFor(
    'the other host to take over',
    () => other.database('take_overs').sum({ sum: 'workflows' }).first<{ sum: number | null }>(),
    ({ sum }) => sum === orderCount,
  );
  console.info(`Taken over ${((performance.now() - stoppedAt) / 1000).toFixed(1)} s after a stop in order.`);
  await untilCancelled(other, orders);
}

async function overlap(): Promise<void> {
  const [old, next] = await twoHosts({ HOLD_SECONDS: '600', EXECUTOR_ID: 'shop' });
  const orders = await placeOrders(old);
  // The second started while the first was running, and each made an id of its own out of their label.
  const ids = await living(next);
  expect(ids).toEqual([expect.stringMatching(/^shop~./), expect.stringMatching(/^shop~./)]);
  expect(new Set(ids).size).toBe(2);
  expect(await takenFrom(next)).toEqual([]);
  await old.process.leave('SIGTERM');
  for (const order of orders) await pay(next, order);
  await untilCheckoutEnds(
    next,
    orders.map((order) => order.key),
  );
  await Promise.all(orders.map((order) => becomes(next, order, { status: 'dispatched' })));
}

async function freeze(): Promise<void> {
  const [frozen, other] = await twoHosts({ HOLD_SECONDS: '600' });
  const orders = await placeOrders(frozen);
  const owners = await other
    .database('dbos.workflow_status')
    .where('status', 'PENDING')
    .distinct()
    .pluck('executor_id');
  const goOn = frozen.process.freeze();
  await waitFor(
    'the other process to take over',
    () => takenFrom(other),
    (from) => from.length > 0,
  );
  goOn();
  await waitFor(
    'both to be alive',
    () => living(other),
    (ids) => ids.length === 2,
  );
  for (const order of orders) await pay(frozen, order);
  await Promise.all(orders.map((order) => becomes(other, order, { status: 'dispatched' })));
  expect(owners).toHaveLength(1);
  expect(await takenFrom(other)).toEqual(owners);
  await expectMoneyRight(other.database, other.paymentUrl);
}
