import type { Database } from '../../src/database/connection.ts';
import { openInspector } from './inspector.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './postgres.ts';
import { RealProcess } from './processes.ts';
import { choosePlaces } from './settings.ts';
import { WebhookProxy } from './webhook-proxy.ts';

/** A shop and its payment service as real processes, with databases of their own. */
export interface Fixture {
  readonly shopUrl: string;
  readonly paymentUrl: string;
  readonly processes: Readonly<Record<'shop' | 'payments', RealProcess>>;
  /** The shop's database. */
  readonly database: Database;
  /** The payment service's database. */
  readonly payments: Database;
  readonly webhooks: WebhookProxy;
  close(): Promise<void>;
}

type Databases = Readonly<Record<'shop' | 'payments', Pick<TestDatabase, 'url' | 'drop'>>>;

/** Starts both processes and waits until they answer; `settings` are the shop's environment beyond the defaults. */
export async function openFixture(
  settings: Readonly<Record<string, string>>,
  databases?: Databases,
): Promise<Fixture> {
  const { shop, payments } = databases ?? {
    shop: await createTestDatabase(),
    payments: await createEmptyDatabase(),
  };
  const places = await choosePlaces({ shop: shop.url, payments: payments.url }, settings);
  const webhooks = await WebhookProxy.start(places.shopUrl);
  const processes = {
    shop: new RealProcess('shop', places.shopEnv),
    payments: new RealProcess('payments', { ...places.paymentEnv, SHOP_WEBHOOK_URL: webhooks.url }),
  };
  const [shopRows, paymentRows] = [openInspector(shop.url, 2), openInspector(payments.url, 2)];
  await untilReady({ processes });
  return {
    shopUrl: places.shopUrl,
    paymentUrl: places.paymentUrl,
    processes,
    database: shopRows,
    payments: paymentRows,
    webhooks,
    close: async () => {
      await Promise.all([processes.shop.stop(), processes.payments.stop(), webhooks.close()]);
      await Promise.all([shopRows.destroy(), paymentRows.destroy()]);
      await Promise.all([shop.drop(), payments.drop()]);
    },
  };
}

/** Waits until both processes answer, including those that replace a killed one. */
export async function untilReady({ processes }: Pick<Fixture, 'processes'>): Promise<void> {
  await Promise.all([processes.shop.ready(), processes.payments.ready()]);
}

/**
 * The fixture of one test file. Starting one is expensive, so its cases use it one after another, each with an order of its own.
 * A fixture in which a case failed is not used again.
 */
export class ReusedFixture {
  #fixture: Fixture | undefined;

  constructor(readonly settings: Readonly<Record<string, string>>) {}

  async use(body: (fixture: Fixture) => Promise<void>): Promise<void> {
    this.#fixture ??= await openFixture(this.settings);
    const { shop, payments } = this.#fixture.processes;
    try {
      await body(this.#fixture);
    } catch (error) {
      const rows = await describeRows(this.#fixture);
      await this.close();
      throw new Error(
        `The database holds ${rows}.\nThe shop died of [${shop.deaths.join(', ')}] and printed:\n${shop.output}\n` +
          `The payment service died of [${payments.deaths.join(', ')}] and printed:\n${payments.output}`,
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    await this.#fixture?.close();
    this.#fixture = undefined;
  }
}

/** The last orders, the workflows that have not succeeded, and the processes: what a failed case leaves behind. */
async function describeRows({ database, payments }: Fixture): Promise<string> {
  const now = await Promise.all([
    database('orders').orderBy('order_id', 'desc').limit(2),
    database('payments').orderBy('order_id', 'desc').limit(2),
    database('order_history').orderBy('history_id', 'desc').limit(12),
    database('refunds').orderBy('refund_id', 'desc').limit(2),
    database('payment_events')
      .orderBy('received_at', 'desc')
      .limit(6)
      .select('type', 'outcome', 'received_at'),
    database('stock_accounts'),
    database('executors'),
    database('dbos.workflow_status')
      .whereNotIn('status', ['SUCCESS'])
      .limit(20)
      .select('workflow_uuid', 'status', 'executor_id', 'queue_name', 'recovery_attempts', 'error'),
    payments('events').whereNull('delivered_at').limit(10),
  ]);
  return JSON.stringify(now, undefined, 1);
}
