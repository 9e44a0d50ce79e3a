import type pg from 'pg';
import type { Cleanup } from '../cleanup.ts';
import { inParallel } from '../concurrency.ts';
import { openConnection } from '../databases.ts';
import { copyStatement, listOrderTables, type Original } from './order-rows.ts';

const ordersOfBrowser = 10;
const spreadOverMs = 20 * 3_600_000;
/** Real rows have numbers from here on, and copies have lower ones. */
const firstRealNumber = 1_000_000_001;

/** Gives real orders high numbers. Their copies get the low ones, and no other value resembles a real order's number. */
export async function reserveLowNumbers(sql: pg.Client): Promise<void> {
  for (const { name, columns } of await listOrderTables(sql)) {
    for (const column of columns.filter(({ numbered }) => numbered)) {
      await sql.query(`alter table ${name} alter column ${column.name} restart with ${firstRealNumber}`);
    }
  }
}

/**
 * Copies every row of finished orders, the shop's and the engine's, under other names and with times of the last twenty
 * hours. No shop may run meanwhile. Needs a superuser.
 */
export async function copyOrders(
  databaseUrl: string,
  originals: readonly Original[],
  copies: number,
  cleanup: Cleanup,
): Promise<void> {
  const first = await openLoader(databaseUrl, cleanup);
  const loaders = [first, await openLoader(databaseUrl, cleanup)];
  const tables = await listOrderTables(first);

  // Read the originals first, while the tables are small and have their indexes.
  const statements: string[][] = [];
  for (const original of originals) {
    const ofOriginal: string[] = [];
    for (const table of tables) ofOriginal.push(...(await copyStatement(first, table, original)));
    statements.push(ofOriginal);
  }

  // Inserting is many times faster without indexes. Postgres skips those that are not ready; `reindex` rebuilds them.
  const names = tables.map(({ name }) => name);
  const skipIndexes = 'update pg_index set indisready = false where indrelid = any($1::text[]::regclass[])';
  await first.query(skipIndexes, [names]);
  const share = Math.floor(copies / originals.length);
  await inParallel(statements.length, loaders.length, async (index, worker) => {
    const from = 1 + index * share;
    const to = index === originals.length - 1 ? copies : from + share - 1;
    await makeCopies(loaders[worker] ?? first, statements[index] ?? [], { from, to, copies });
  });
  await inParallel(names.length, loaders.length, async (index, worker) => {
    await (loaders[worker] ?? first).query(`reindex table ${names[index]}`);
    await (loaders[worker] ?? first).query(`vacuum (analyze) ${names[index]}`);
  });
  await balanceStock(first);
  await first.query('checkpoint');
  for (const loader of loaders) await loader.end();
}

async function openLoader(databaseUrl: string, cleanup: Cleanup): Promise<pg.Client> {
  const loader = await openConnection(databaseUrl, cleanup);
  await loader.query(`set session_replication_role = replica`);
  await loader.query(`set synchronous_commit = off`);
  await loader.query(`set maintenance_work_mem = '512MB'`);
  return loader;
}

/** Makes the copies with these numbers. The copy with the highest of all numbers is the newest. */
async function makeCopies(
  loader: pg.Client,
  statements: readonly string[],
  { from, to, copies }: { readonly from: number; readonly to: number; readonly copies: number },
): Promise<void> {
  await loader.query(
    'create temp table copies (number integer, key text, token text, browser_id text, age_ms double precision)',
  );
  await loader.query(
    `insert into copies
     select number, md5('key ' || number)::uuid::text, left(md5('token ' || number), 22),
       left(md5('browser ' || number / $5::integer), 22), ($3::integer - number) * $4::double precision
     from generate_series($1::integer, $2::integer) as number`,
    [from, to, copies, spreadOverMs / copies, ordersOfBrowser],
  );
  for (const statement of statements) await loader.query(statement);
  await loader.query('drop table copies');
}

/** Supplies the units that the copies have sold. */
async function balanceStock(loader: pg.Client): Promise<void> {
  await loader.query(
    `insert into supply (product_id, quantity, reason, actor, request_key)
     select product_id, available + held + sold - supplied, 'history', 'bench', 'history ' || sku
     from stock_accounts where not balanced`,
  );
}
