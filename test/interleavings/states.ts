import type { Client } from 'pg';
import type { Database } from '../../src/database/connection.ts';
import { dispatchOrder } from '../../src/database/transactions/dispatch-order.ts';
import { ingestPaymentEvent } from '../../src/database/transactions/ingest-payment-event.ts';
import { placeOrder } from '../../src/database/transactions/place-order.ts';
import { recordSession } from '../../src/database/transactions/record-session.ts';
import { requestRefund } from '../../src/database/transactions/refund-order.ts';
import { correlationTokenOf, type Placement } from '../../src/domain/order.ts';
import type { PaymentEvent } from '../../src/domain/payment.ts';
import { statementsOf } from '../../src/shared/statement.ts';

/** The order that both writers of a race act on. */
export interface FixtureOrder {
  readonly orderId: number;
  readonly token: string;
  readonly cents: number;
}

export const sku = 'last-units';
/** Every order of the race has it. It has no limit at first. */
export const discountCode = 'RACE';
export const browserId = 'browser-of-the-fixture';
export const context = {
  live: false,
  dispatchSeconds: 600,
  emailsPerDay: 3,
  publicUrl: 'https://shop.example',
};
/** A process that has ended, and whose workflow waits to be taken over. */
const lostProcess = 'lost~00000000';

/** A checkout of this product by another client. */
export function placementOf(key: string, qty: number, requestId = `request of ${key}`): Placement {
  return {
    order: {
      checkoutKey: key,
      // Not that of an erased order, which gets no units again.
      requestHash: 'f'.repeat(64),
      items: [{ sku, qty }],
      discountCode,
      email: 'buyer@shop.example',
      browserId,
      shownCents: null,
      // No hold may expire while the races run.
      holdSeconds: 80_000,
    },
    requestId,
  };
}

/** An event about the payment of the fixture's order. */
export function eventOf(
  { orderId, token, cents }: FixtureOrder,
  kind: PaymentEvent['kind'],
  change: Partial<PaymentEvent> = {},
): PaymentEvent {
  const namesSession = kind === 'paid' || kind === 'ended';
  return {
    id: `evt_${kind}`,
    type: `test.${kind}`,
    kind,
    orderId,
    correlationToken: correlationTokenOf(token),
    sessionId: namesSession ? 'cs_1' : null,
    amountCents: cents,
    refundedCents: kind === 'refunded' ? cents : null,
    currency: 'USD',
    transactionId: kind === 'ended' ? null : 'pi_1',
    live: false,
    otherVersion: null,
    returnUrl: null,
    email: null,
    body: {},
    ...change,
  };
}

/** Runs a durable step in a workflow of its own. */
export type InWorkflow = <Result>(step: () => Promise<Result>) => Promise<Result>;

/** The means by which a state is made. */
interface Making {
  readonly database: Database;
  readonly order: FixtureOrder;
  readonly inWorkflow: InWorkflow;
}

type State = (making: Making) => Promise<unknown>;
type Context = Parameters<typeof ingestPaymentEvent>[1];

const open: State = ({ database, order: { orderId } }) =>
  recordSession(statementsOf(database), { orderId, sessionId: 'cs_1', url: 'https://pay.example/' });

const paid = async (making: Making, settings: Context = context): Promise<unknown> => {
  await open(making);
  return ingestPaymentEvent(making.database, settings, eventOf(making.order, 'paid', { id: 'evt_0' }));
};

const refundWith =
  (amountCents: number | undefined): State =>
  async (making) => {
    await paid(making);
    await requestRefund(making.database, {
      orderId: making.order.orderId,
      amountCents,
      restock: undefined,
      reason: 'broken',
      actor: 'operator',
      requestKey: 'first',
    });
  };

/** The states of the order at the beginning of a race. */
export const states = {
  creating: () => Promise.resolve(),
  open,
  'hold expired': async (making) => {
    await open(making);
    await making.database('orders').update({ hold_expires_at: new Date(0) });
  },
  'refunded too early': async (making) => {
    await open(making);
    await ingestPaymentEvent(making.database, context, eventOf(making.order, 'refunded', { id: 'evt_0' }));
  },
  cancelled: async (making) => {
    await open(making);
    await ingestPaymentEvent(making.database, context, eventOf(making.order, 'ended', { id: 'evt_0' }));
  },
  paid,
  'dispatch lost': async (making) => {
    await paid(making);
    await making.database('dbos.workflow_status').where({ name: 'dispatch' }).delete();
    await making
      .database('orders')
      .update({ dispatch_due_at: making.database.raw("now() - interval '15 seconds'") });
  },
  dispatched: async (making) => {
    await paid(making);
    await making.inWorkflow(() => dispatchOrder(making.order.orderId));
  },
  'refund due': refundWith(undefined),
  'part of refund due': refundWith(1),
  'waits for an operator': (making) => paid(making, { ...context, shippingDays: 2 }),
} as const satisfies Record<string, State>;

export type StateName = keyof typeof states;

const tables = [
  'public.attention',
  'public.cart_lines',
  'public.carts',
  'public.discount_codes',
  'public.emails',
  'public.executors',
  'public.holders',
  'public.order_history',
  'public.order_lines',
  'public.orders',
  'public.payment_events',
  'public.payments',
  'public.refunds',
  'public.shipment_lines',
  'public.shipments',
  'public.restarts',
  'public.stock',
  'public.supply',
  'public.take_overs',
  'dbos.notifications',
  'dbos.operation_outputs',
  'dbos.workflow_input',
  'dbos.workflow_output',
  'dbos.workflow_status',
] as const;

// Without foreign keys and triggers, in whatever order.
const restoring = 'set session_replication_role = replica';

// Work that has been due for longer without a workflow breaks a rule.
const renewing = `update orders set dispatch_due_at = now() - interval '15 seconds' where dispatch_due_at < now();`;

/** Saves the rows of a state, and restores them before each race. */
export class SavedStates {
  constructor(readonly observer: Client) {}

  /** Inserts the product with two units, the cart, the order of one unit, and its lost workflow; makes and saves every state. */
  async make(making: Omit<Making, 'order'>): Promise<FixtureOrder> {
    await this.observer.query(restoring);
    const order = await insertFixture(making.database);
    await this.#save('creating');
    for (const [name, make] of Object.entries(states)) {
      await this.restore('creating');
      await make({ ...making, order });
      await this.#save(name);
    }
    return order;
  }

  async #save(name: string): Promise<void> {
    const schema = `"saved ${name}"`;
    await this.observer.query(`drop schema if exists ${schema} cascade; create schema ${schema}`);
    const restoring = tables.map((table) => {
      const copy = `${schema}.${table.split('.')[1]}`;
      return {
        copy,
        table,
        sql: `delete from ${table}; insert into ${table} overriding system value table ${copy};`,
      };
    });
    for (const { copy, table } of restoring)
      await this.observer.query(`create table ${copy} as table ${table}`);
    // A function, because Postgres keeps the plans of its statements.
    await this.observer.query(
      `create function ${schema}.restore() returns void language plpgsql as $$begin ${restoring.map(({ sql }) => sql).join(' ')} ${renewing} end$$`,
    );
  }

  /** Restores the rows of a state. */
  async restore(name: StateName): Promise<void> {
    await this.observer.query(`select "saved ${name}".restore()`);
  }
}

async function insertFixture(database: Database): Promise<FixtureOrder> {
  const sql = statementsOf(database);
  await sql(
    `with product as (
       insert into products (sku, product, description, price_cents, currency, image, restock_level)
       values (:sku, 'Product', 'Of the race.', 1000, 'USD', '', 5) returning product_id
     ), supplied as (
       insert into supply (product_id, quantity, reason, actor, request_key) select product_id, 2, 'first', 'test', 'first' from product
     ), code as (
       insert into discount_codes (code, percent) values (:discountCode, 10)
     ), cart as (
       insert into carts (browser_id, checkout_key) values (:browserId, 'cart')
     ), line as (
       insert into cart_lines (browser_id, product_id, quantity, unit_price_cents) select :browserId, product_id, 3, 1000 from product
     )
     insert into stock (product_id, available) select product_id, 2 from product`,
    { sku, browserId, discountCode },
  );
  // The other products have no part in the race.
  await sql(`update products set restock_level = 0 where sku <> :sku`, { sku });
  await sql(
    `with lost as (insert into executors (executor_id, host, build, ended_at) values (:lostProcess, 'host', '1', now()))
     insert into dbos.workflow_status (workflow_uuid, status, name, executor_id, application_name, created_at, updated_at)
     values ('checkout-fixture', 'PENDING', 'checkout', :lostProcess, 'holdfast', 0, 9999999999999)`,
    { lostProcess },
  );
  const placed = await placeOrder(sql, placementOf('fixture', 1), null);
  if (placed.outcome !== 'placed') throw new Error('The order of the fixture was not placed.');
  const { orderId, token, totalCents: cents } = placed.order;
  return { orderId, token, cents };
}

type Row = Readonly<Record<string, unknown>>;
type Rows = Readonly<Record<string, readonly Row[]>>;

const compared = tables.filter((table) => !/operation|_input|_output/.test(table));

/**
 * Reads all rows after a race, in a form that two runs share: rows are named by keys instead of numbers, a time is there or not, and
 * the order of the history counts per order.
 */
export async function readRows(observer: Client): Promise<unknown> {
  const parts = compared.map(
    (table) => `'${table}', (select coalesce(json_agg(one), '[]') from ${table} as one)`,
  );
  const { rows } = await observer.query<{ all: Rows }>({
    name: 'read rows',
    text: `select json_build_object(${parts.join(', ')}) as all`,
  });
  const all = rows[0]?.all ?? {};
  const names = namesOf(all);
  return Object.fromEntries(
    Object.entries(all).map(([table, found]) => [
      table,
      table === 'public.order_history'
        ? historyOf(found, names)
        : found
            .filter(isOfShop)
            .map((row) => normalise(row, names))
            .toSorted(),
    ]),
  );
}

/** The workflows in which the steps of the race ran have ended, and are none of the shop's. */
function isOfShop({ name }: Row): boolean {
  return name !== 'race';
}

type Names = (kind: string, id: unknown) => string;

function namesOf(all: Rows): Names {
  const find = (table: string, column: string, id: unknown) =>
    all[table]?.find((row) => String(row[column]) === String(id));
  const names: Names = (kind, id) => {
    if (id === null) return 'none';
    if (kind === 'refund') return String(find('public.refunds', 'refund_id', id)?.['request_key']);
    if (kind === 'shipment') {
      const shipment = find('public.shipments', 'shipment_id', id);
      return `${String(shipment?.['request_key'])} of ${names('order', shipment?.['order_id'])}`;
    }
    if (kind === 'email') {
      const email = find('public.emails', 'email_id', id);
      const about = [
        names('refund', email?.['refund_id'] ?? null),
        names('shipment', email?.['shipment_id'] ?? null),
      ];
      return `${String(email?.['kind'])} ${about.join(' ')} ${names('order', email?.['order_id'])}`;
    }
    return String(find('public.orders', 'order_id', id)?.['checkout_key']);
  };
  return names;
}

// Random, or of the engine's own use.
const ignored =
  /^(token|checkout_key|request_hash|added_keys|serialization|owner_xid|executor_id|history_id|attention_id|supply_id|take_over_id|.*epoch_ms|created_at|updated_at|message_uuid)$/;

function normalise(row: Row, names: Names): string {
  const entries = Object.entries(row).flatMap(([column, value]): [string, unknown][] => {
    if (column === 'checkout_key' && 'status' in row) return [[column, value]];
    if (ignored.test(column)) return [];
    const kind = /^(order|refund|shipment|email)_id$/.exec(column)?.[1];
    if (kind !== undefined) return [[column, names(kind, value)]];
    if (column === 'workflow_uuid') return [[column, nameWorkflow(String(value), names)]];
    if (column === 'detail') return [[column, nameIds(value as Row, names)]];
    // The engine moves a workflow that is due from one to the other.
    if (value === 'DELAYED') return [[column, 'ENQUEUED']];
    if (column === 'at' || column.endsWith('_at')) return [[column, value !== null]];
    return [[column, value]];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

function nameWorkflow(id: string, names: Names): string {
  const [, workflow = '', number, restart = ''] = /^(dispatch|refund|email)-(\d+)(.*)$/.exec(id) ?? [];
  if (number === undefined) return id;
  return `${workflow} ${names(workflow === 'dispatch' ? 'order' : workflow, number)}${restart}`;
}

function nameIds({ refund_id: refundId, shipment_id: shipmentId, ...detail }: Row, names: Names): Row {
  return {
    ...detail,
    ...(refundId !== undefined && { refund: names('refund', refundId) }),
    ...(shipmentId !== undefined && { shipment: names('shipment', shipmentId) }),
  };
}

function historyOf(found: readonly Row[], names: Names): unknown {
  const histories: Record<string, string[]> = {};
  for (const row of found.toSorted((a, b) => Number(a['history_id']) - Number(b['history_id']))) {
    (histories[names('order', row['order_id'])] ??= []).push(
      JSON.stringify([row['what'], nameIds(row['detail'] as Row, names)]),
    );
  }
  return Object.entries(histories).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
