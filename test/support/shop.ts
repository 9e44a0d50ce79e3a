import { DBOS } from '@dbos-inc/dbos-sdk';
import type { FastifyInstance } from 'fastify';
import { type App, buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connect, type Database } from '../../src/database/connection.ts';
import { newExecutorId } from '../../src/database/workflow-ids.ts';
import type { ConnectionLimits } from '../../src/shared/http-server.ts';
import { readSimulatorConfig } from '../../src/stripe-simulator/config.ts';
import { startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { openInspector } from './inspector.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './postgres.ts';
import { choosePlaces } from './settings.ts';

/** A whole shop inside the test's process: its own databases, the real payment service, real sockets. */
export interface TestShop {
  readonly server: FastifyInstance;
  /** Looks at rows as Postgres has them. */
  readonly database: Database;
  /** The same database as the shop itself opens it, to call the shop's functions with. */
  readonly shopDatabase: Database;
  readonly shopUrl: string;
  readonly paymentUrl: string;
  close(): Promise<void>;
}

/**
 * Starts a shop; `settings` are environment variables beyond the defaults. One per test file: the engine is global.
 * @param ownDatabase in the place of a fresh one; dropped at the end like it
 * @param limits those of the connections to both programs that differ from the usual ones
 */
export async function startTestShop(
  settings: Readonly<Record<string, string>> = {},
  ownDatabase?: TestDatabase,
  limits?: Partial<ConnectionLimits>,
): Promise<TestShop> {
  const databases = [ownDatabase ?? (await createTestDatabase()), await createEmptyDatabase()] as const;
  const [shop, payments] = databases;
  const places = await choosePlaces({ shop: shop.url, payments: payments.url }, settings);
  const paymentService = await startStripeSimulator(readSimulatorConfig(places.paymentEnv), limits);
  const app = await startApp(places.shopEnv, shop.url, limits);
  // The name separates the statements of a test from those of the shop.
  const database = openInspector(`${shop.url}?application_name=test`, 4);
  const shopDatabase = connect(`${shop.url}?application_name=test`, 2);
  return {
    server: app.server,
    database,
    shopDatabase,
    shopUrl: places.shopUrl,
    paymentUrl: places.paymentUrl,
    close: async () => {
      await stopApp(app);
      await paymentService.close();
      await database.destroy();
      await shopDatabase.destroy();
      await Promise.all(databases.map((one) => one.drop()));
    },
  };
}

async function startApp(
  env: Readonly<Record<string, string>>,
  databaseUrl: string,
  limits?: Partial<ConnectionLimits>,
): Promise<App> {
  const config = readConfig(env, 'shop');
  const app = await buildApp({ ...config, databaseUrl, executorId: newExecutorId('test') }, limits);
  try {
    await app.launch();
    await app.server.listen({ host: config.host, port: config.port });
  } catch (error) {
    await stopApp(app);
    throw error;
  }
  return app;
}

/** Stops it, and lets the next test file of this worker register its workflows. */
async function stopApp(app: App): Promise<void> {
  await app.close();
  await DBOS.shutdown({ deregister: true });
}
