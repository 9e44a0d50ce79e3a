import type { AddressInfo } from 'node:net';
import { createAlarm } from './alarm.ts';
import type { SimulatorConfig } from './config.ts';
import { connect } from './database/connection.ts';
import { prepareDatabase } from './database/prepare.ts';
import { statementsOn } from './database/statement.ts';
import { startDeliveries } from './deliveries.ts';
import { startDueWork } from './due.ts';
import { createServer, registerRoutes } from './http/server.ts';
import { createTransact } from './transaction.ts';

export interface StripeSimulator {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the payment service: database, server, and the loops that deliver events and end overdue sessions. */
export async function startStripeSimulator(config: SimulatorConfig): Promise<StripeSimulator> {
  const database = connect(config.databaseUrl, { poolSize: 10, synchronousCommit: 'on' });
  // A lost claim or a lost note of a delivery means a second delivery, which the shop must bear anyway.
  const deliveryDatabase = connect(config.databaseUrl, { poolSize: 4, synchronousCommit: 'off' });
  const server = createServer(config);
  const port = (): number => (server.server.address() as AddressInfo).port;
  const publicUrl = (): string => config.publicUrl ?? `http://localhost:${port()}`;
  const { webhookUrl, webhookSecret, secretKey } = config;
  const closing = new AbortController();
  const closeDatabases = (): Promise<unknown> =>
    Promise.all([database.destroy(), deliveryDatabase.destroy()]);

  try {
    await prepareDatabase(database, config.databaseUrl);
    const alarm = createAlarm();
    const transact = createTransact(database, { publicUrl, onEvents: () => alarm.wake() });
    const context = { sql: statementsOn(database), transact, publicUrl, secretKey, closing: closing.signal };
    await registerRoutes(server, context);
    await server.listen({ host: config.host, port: config.port });
    const sql = statementsOn(deliveryDatabase);
    const deliveries = startDeliveries({ alarm, sql, webhookUrl, webhookSecret, log: server.log });
    const dueWork = startDueWork(transact, server.log);
    return {
      port: port(),
      async close() {
        closing.abort();
        await server.close();
        await dueWork.close();
        await deliveries.close();
        await closeDatabases();
      },
    };
  } catch (error) {
    await server.close();
    await closeDatabases();
    throw error;
  }
}
