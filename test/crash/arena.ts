import type { Database } from '../../src/database/connection.ts';
import {
  createEmptyDatabase,
  createTestDatabase,
  openInspector,
  type TestDatabase,
} from '../support/postgres.ts';
import { RealProcess } from '../support/processes.ts';
import { choosePlaces } from '../support/settings.ts';
import { WebhookLine } from './webhook-line.ts';

/** A shop and its payment service as real processes, with databases of their own. */
export interface Arena {
  readonly shopUrl: string;
  readonly paymentUrl: string;
  readonly processes: Readonly<Record<'shop' | 'payments', RealProcess>>;
  /** The shop's database. */
  readonly database: Database;
  /** The payment service's database. */
  readonly payments: Database;
  readonly line: WebhookLine;
  close(): Promise<void>;
}

type Databases = Readonly<Record<'shop' | 'payments', Pick<TestDatabase, 'url' | 'drop'>>>;

/** Starts an arena; `settings` are the shop's environment beyond the defaults. */
export async function openArena(
  settings: Readonly<Record<string, string>>,
  databases?: Databases,
): Promise<Arena> {
  const { shop, payments } = databases ?? {
    shop: await createTestDatabase(),
    payments: await createEmptyDatabase(),
  };
  const places = await choosePlaces({ shop: shop.url, payments: payments.url }, settings);
  const line = await WebhookLine.lay(places.shopUrl);
  const processes = {
    shop: new RealProcess('shop', { ...places.shopEnv, EXECUTOR_ID: 'shop-0' }),
    payments: new RealProcess('payments', { ...places.paymentEnv, SHOP_WEBHOOK_URL: line.url }),
  };
  const [database, books] = [openInspector(shop.url, 2), openInspector(payments.url, 2)];
  await untilReady({ processes });
  return {
    shopUrl: places.shopUrl,
    paymentUrl: places.paymentUrl,
    processes,
    database,
    payments: books,
    line,
    close: async () => {
      await Promise.all([processes.shop.stop(), processes.payments.stop(), line.close()]);
      await Promise.all([database.destroy(), books.destroy()]);
      await Promise.all([shop.drop(), payments.drop()]);
    },
  };
}

/** Waits until both processes answer, the ones after a death as well. */
export async function untilReady({ processes }: Pick<Arena, 'processes'>): Promise<void> {
  await Promise.all([processes.shop.ready(), processes.payments.ready()]);
}

/**
 * Arenas for the test cases of one file. Starting one is the expensive part, so a case leaves its arena to the next;
 * each case has it for itself, with an order of its own. One in which a case failed is not used again.
 */
export class ArenaPool {
  readonly #lanes: Lane[];

  constructor(settings: Readonly<Record<string, string>>) {
    this.#lanes = Array.from({ length: lanesAtOnce }, () => new Lane(settings));
  }

  /** Runs a case as soon as an arena is free. */
  use(body: (arena: Arena) => Promise<void>): Promise<void> {
    const [shortest] = this.#lanes.toSorted((a, b) => a.waiting - b.waiting);
    return shortest?.run(body) ?? Promise.reject(new Error('There are no lanes.'));
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}

// A case waits for most of its time, so this keeps two cores busy with two files at once.
const lanesAtOnce = 4;

/** One case after the other, in one arena. */
class Lane {
  waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #arena: Arena | undefined;

  constructor(readonly settings: Readonly<Record<string, string>>) {}

  run(body: (arena: Arena) => Promise<void>): Promise<void> {
    this.waiting += 1;
    const result = this.#last.then(() => this.#run(body));
    this.#last = result.catch(() => undefined).then(() => (this.waiting -= 1));
    return result;
  }

  async close(): Promise<void> {
    await this.#arena?.close();
    this.#arena = undefined;
  }

  async #run(body: (arena: Arena) => Promise<void>): Promise<void> {
    this.#arena ??= await openArena(this.settings);
    const { shop, payments } = this.#arena.processes;
    try {
      await body(this.#arena);
    } catch (error) {
      await this.close();
      throw new Error(
        `The shop died of [${shop.deaths.join(', ')}] and printed:\n${shop.output}\n` +
          `The payment service died of [${payments.deaths.join(', ')}] and printed:\n${payments.output}`,
        { cause: error },
      );
    }
  }
}
