import type pg from 'pg';
import type { Cleanup } from '../cleanup.ts';
import { openConnection } from '../databases.ts';
import { copyStatement, listOrderTables, type OrderTable, type Original } from './history-rows.ts';

const connections = 2;
const ordersOfBrowser = 10;
const spreadOverMs = 20 * 3_600_000;
/** Numbers from here on are those of real rows; copies have the ones below. */
const firstRealNumber = 1_000_000_001;

/** Lets real orders have high numbers, so that their copies find room below, and nothing else looks like such a number. */
export async function leaveRoomBelow(sql: pg.Client): Promise<void> {
  for (const { name, columns } of await listOrderTables(sql)) {
    for (const column of columns.filter(({ numbered }) => numbered)) {
      await sql.query(`alter table ${name} alter column ${column.name} restart with ${firstRealNumber}`);
    }
  }
}

/**
 * Fills the tables with copies of finished orders: all rows that each has left, ours and the engine's, under names and
 * at times of their own, over the last twenty hours. No shop may run meanwhile. Needs a superuser.
 */
export async function fillHistory(
  databaseUrl: string,
  originals: readonly Original[],
  copies: number,
  cleanup: Cleanup,
): Promise<void> {
  const [first, ...others] = await Promise.all(
    Array.from({ length: connections }, () => openLoader(databaseUrl, cleanup)),
  );
  if (!first) throw new Error('There is no connection.');
  const loaders = [first, ...others];
  const tables = await listOrderTables(first);
  const names = tables.map(({ name }) => name);

  // Beforehand, while the tables are small and have their indexes.
  const statements: string[][] = [];
  for (const original of originals) statements.push(await copyStatements(first, tables, original));

  // Rows come many times faster without indexes. Not ready, they are left out; `reindex` makes them whole and ready.
  await first.query('update pg_index set indisready = false where indrelid = any($1::text[]::regclass[])', [
    names,
  ]);
  const share = Math.floor(copies / originals.length);
  await onEach(loaders, statements, async (loader, ofOriginal, place) => {
    const from = 1 + place * share;
    const to = place === originals.length - 1 ? copies : from + share - 1;
    await makeCopies(loader, ofOriginal, { from, to, copies });
  });
  await onEach(loaders, names, async (loader, name) => {
    await loader.query(`reindex table ${name}`);
    await loader.query(`vacuum (analyze) ${name}`);
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

/** Does something with each item, with as many at once as there are connections. */
async function onEach<Item>(
  loaders: readonly pg.Client[],
  items: readonly Item[],
  work: (loader: pg.Client, item: Item, place: number) => Promise<void>,
): Promise<void> {
  const waiting = items.map((item, place) => ({ item, place }));
  const busy = loaders.map(async (loader) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(loader, next.item, next.place);
  });
  await Promise.all(busy);
}

async function copyStatements(
  sql: pg.Client,
  tables: readonly OrderTable[],
  original: Original,
): Promise<string[]> {
  const statements: string[] = [];
  for (const table of tables) statements.push(...(await copyStatement(sql, table, original)));
  return statements;
}

/** Makes the copies with these numbers, the last of so many being the newest. */
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

/** Supplies what the copies have sold. */
async function balanceStock(loader: pg.Client): Promise<void> {
  await loader.query(
    `insert into supply (product_id, quantity, reason, actor, request_key)
     select product_id, available + held + sold - supplied, 'history', 'bench', 'history ' || sku
     from stock_accounts where not balanced`,
  );
}
