import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import type { ConnectionLimits } from '../shared/http-server.ts';
import { originOf } from '../shared/settings.ts';
import { statementsOf } from '../shared/statement.ts';
import type { SimulatorConfig } from './config.ts';
import { connect, prepareDatabase } from './database/connection.ts';
import { startDeliveries } from './deliveries.ts';
import { type Loop, startLoop } from './loop.ts';
import { createServer, registerRoutes } from './server.ts';
import { expireOverdue, settleDue } from './sessions.ts';
import { createTransact, type Transact } from './transaction.ts';

const millisecondsBetweenPolls = 1_000;
const sessionsPerPoll = 100;

export interface StripeSimulator {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the simulator: database, server, and the loops that deliver events and end overdue sessions.
 * @param limits those of its connections that differ from the usual ones
 */
export async function startStripeSimulator(
  config: SimulatorConfig,
  limits: Partial<ConnectionLimits> = {},
): Promise<StripeSimulator> {
  const database = connect(config.databaseUrl, { poolSize: 10, synchronousCommit: 'on' });
  // The loss of a claim or of a delivery's record only repeats a delivery, which the shop must tolerate anyway.
  const deliveryDatabase = connect(config.databaseUrl, { poolSize: 4, synchronousCommit: 'off' });
  const server = createServer(config, limits);
  const port = (): number => (server.server.address() as AddressInfo).port;
  const publicUrl = (): string => config.publicUrl ?? originOf(config.host, port(), 'localhost');
  const { webhookUrl, webhookSecret, secretKey, businessName } = config;
  const closing = new AbortController();
  let deliveries: Loop | undefined;
  let dueSessions: Loop | undefined;
  const closeAll = async (): Promise<void> => {
    closing.abort();
    await server.close();
    await dueSessions?.close();
    await deliveries?.close();
    await Promise.all([database.destroy(), deliveryDatabase.destroy()]);
  };

  try {
    await prepareDatabase(database, config.databaseUrl);
    const transact = createTransact(database, publicUrl, () => deliveries?.wake());
    const context = {
      sql: statementsOf(database),
      transact,
      publicUrl,
      secretKey,
      businessName,
      closing: closing.signal,
    };
    await registerRoutes(server, config, context);
    await server.listen({ host: config.host, port: config.port });
    const sql = statementsOf(deliveryDatabase);
    deliveries = startDeliveries({ sql, webhookUrl, webhookSecret, log: server.log });
    dueSessions = startDueSessions(transact, server.log);
    return { port: port(), close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Expires overdue sessions, and settles the payments whose bank answers now. */
function startDueSessions(transact: Transact, log: FastifyBaseLogger): Loop {
  return startLoop('The expiry of sessions', log, async () => {
    const expired = await transact((transaction) => expireOverdue(transaction, sessionsPerPoll));
    const settled = await transact((transaction) => settleDue(transaction, sessionsPerPoll));
    if (expired > 0) log.info({ expired }, 'sessions expired');
    if (settled > 0) log.info({ settled }, 'payments settled');
    return Math.max(expired, settled) === sessionsPerPoll ? 0 : millisecondsBetweenPolls;
  });
}
