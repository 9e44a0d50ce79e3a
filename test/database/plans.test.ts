// @module-tag slow
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CalledFunctions, watchCalls } from '../support/called-functions.ts';
import { createExplainedDatabase, type RunStatement } from '../support/explained-database.ts';
import { regular } from '../support/finished-orders.ts';
import { costlyStatements, faultsOf, indexesOf } from '../support/plans.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { sweepRoutes } from '../support/sweep-routes.ts';
import { sweepSchedules, sweepWorkflows } from '../support/sweep-workflows.ts';
import { type VisitedRoutes, watchRoutes } from '../support/visited-routes.ts';

// Every statement of the shop and its engine costs as much with many finished orders as with none, by the plan that Postgres
// executed. Forty thousand orders show most of the faults that the million of `npm run test:all` shows.

const finishedOrders = Number(process.env['PLAN_ORDERS'] ?? 40_000);

/** Statements that may touch more, and why; some only from so many finished orders on. */
const exceptions = [
  { text: /from "stock_accounts"/, reason: 'the sums of the stock, for operators and the hourly comparison' },
  { text: /from payments left join .*from refunds group by/, reason: 'the sums of the money, in the same' },
  {
    text: /^select cast\(count\(\*\) as integer\)/,
    reason: 'orders that contradict their payment, in the same',
  },
  {
    text: /^with extension as materialized/,
    reason: 'the settings and rights of the server, once at the start, however many rows there are',
  },
  {
    text: /^update orders set browser_id = null where browser_id/,
    reason:
      'a browser that is forgotten loses each of its orders; a regular customer has two hundred in a million',
    orders: 200_000,
  },
].filter(({ orders = 0 }) => orders <= finishedOrders);

/** Routes that ask the database for nothing, or after which nobody can ask any more. */
const notToured = /^GET \/(assets|docs|\.well-known)\b|^POST \/crash_application$/;

let shop: TestShop;
let calls: CalledFunctions;
let routes: VisitedRoutes;
let statements: RunStatement[];
let growing: ReadonlySet<string>;

beforeAll(async () => {
  calls = await watchCalls();
  const routesOf = watchRoutes();
  const database = await createExplainedDatabase(finishedOrders);
  const settings = {
    HOLD_SECONDS: '600',
    DISPATCH_SECONDS: '0.2',
    RECONCILE_SECONDS: '3600',
    HOLD_LIMITS: 'loose',
    PAYMENT_RETRY_SECONDS: '0.1',
  };
  shop = await startTestShop(settings, database);
  routes = routesOf(shop.server);
  await sweepRoutes(shop, regular.browserId);
  await sweepWorkflows(shop);
  await sweepSchedules(shop);
  statements = await database.statements();
  growing = new Set(await database.grownTables());
});

afterAll(() => shop?.close());

test('the sweep leaves no route out', () => {
  const left = [...routes.registered.keys()].filter(
    (route) => !routes.answered.has(route) && !notToured.test(route),
  );
  expect(left, 'add a line to test/support/sweep-routes.ts').toEqual([]);
});

test('the sweep leaves no query and no transaction out', async () => {
  const left = await calls.uncalledIn(/\/src\/database\/(queries|transactions)\//);
  expect(left, 'add a line to a sweep in test/support').toEqual([]);
});

test('no statement costs more the longer the shop has been open', () => {
  expect(costlyStatements(statements, growing, exceptions)).toEqual({});
});

test.each(exceptions)('an exception is still needed: $reason', ({ text }) => {
  expect(statements.some((one) => text.test(one.text) && faultsOf(one.plan, growing).length > 0)).toBe(true);
});

// Those of the catalogue are used when it is large: catalogue-plans.test.ts.
test('every index is used by a statement, or keeps a rule', async () => {
  const { rows } = await shop.database.raw<{ rows: { name: string }[] }>(
    `select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
     where not indisunique and (relnamespace = cast('public' as regnamespace) or relname like 'holdfast%')
       and relname !~ '^(products|search_words)_'`,
  );
  const used = new Set(statements.flatMap(({ plan }) => indexesOf(plan)));
  expect(rows.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});
