import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../support/orders.ts';
import { onServer } from '../support/postgres.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// GET /readyz names the cause why no order can be taken, and is ready again once the cause is gone.

let shop: TestShop;
let name: string;
let closed: Promise<void> | undefined;

beforeAll(async () => {
  shop = await startTestShop({ DRAIN_SECONDS: '5' });
  const { rows } = await shop.database.raw<{ rows: { name: string }[] }>('select current_database() as name');
  name = rows[0]?.name ?? '';
});

afterAll(() => closed ?? shop?.close());

async function causeNow(): Promise<unknown> {
  const { status, body } = await ask(`${shop.shopUrl}/readyz`, undefined, { method: 'GET' });
  return status === 200 ? 'ready' : body['cause'];
}

function becomes(cause: string): Promise<unknown> {
  return waitFor(`the readiness ${cause}`, causeNow, (now) => now === cause);
}

/** Ends every connection of the shop, whose next ones have the new settings of the database. */
async function endConnections(): Promise<void> {
  await onServer(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and application_name <> 'test'`,
  );
}

let blocker: Knex.Transaction | undefined;

const causes: Readonly<
  Record<string, { readonly begin: () => Promise<unknown>; readonly end: () => Promise<unknown> }>
> = {
  database_away: {
    begin: async () => {
      await onServer(`alter database ${name} with allow_connections false`);
      await endConnections();
    },
    end: () => onServer(`alter database ${name} with allow_connections true`),
  },
  database_read_only: {
    begin: async () => {
      await onServer(`alter database ${name} set default_transaction_read_only = on`);
      await endConnections();
    },
    // The shop closes the connections that answered read-only.
    end: () => onServer(`alter database ${name} reset default_transaction_read_only`),
  },
  schema_older: {
    begin: () =>
      shop.database('knex_migrations').where('name', '006_executors.sql').update({ name: 'hidden' }),
    end: () => shop.database('knex_migrations').where('name', 'hidden').update({ name: '006_executors.sql' }),
  },
  schema_newer: {
    begin: () => shop.database('knex_migrations').insert({ name: '999_later.breaking.sql', batch: 2 }),
    end: () => shop.database('knex_migrations').where('batch', 2).del(),
  },
  no_heartbeat: {
    begin: async () => {
      blocker = await shop.database.transaction();
      await blocker.raw('lock table executors in share mode');
    },
    end: async () => blocker?.rollback(),
  },
  disk_full: {
    begin: async () => {
      await shop.database.raw(`
          create function refuse() returns trigger language plpgsql as
            $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
          create trigger refuse before insert on supply for each row execute function refuse()`);
      const refused = await ask(`${shop.shopUrl}/restock`, { sku: 'cleat', quantity: 1, reason: 'delivery' });
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    },
    end: () => shop.database.raw('drop function refuse cascade'),
  },
};

test.each(Object.entries(causes))('%s', async (cause, { begin, end }) => {
  expect(await causeNow()).toBe('ready');
  await begin();
  try {
    await becomes(cause);
  } finally {
    await end();
  }
  await becomes('ready');
});

test('draining: a process that ends is not ready, and still takes requests', async () => {
  closed = shop.close();
  await becomes('draining');
  const order = await ask(`${shop.shopUrl}/checkout/while-draining`, { items: [{ sku: 'cleat', qty: 1 }] });
  expect(order.status).toBe(201);
  await closed;
});
