import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import {
  listReconciliations,
  type ReconciliationRow,
  readAccounts,
} from '../../database/queries/reconciliation.ts';
import { ShopError } from '../../domain/errors.ts';
import { operation, problems, timestamp } from '../schemas.ts';

export interface ReconciliationOptions {
  readonly database: Database;
  readonly reconcile: () => Promise<Readonly<Record<string, number>>>;
  readonly compare: () => Promise<Readonly<Record<string, number>>>;
}

const repairs = z.record(z.string(), z.number()).meta({ examples: [{ restarted: 0, events_placed: 1 }] });

const reconciliation = z
  .object({
    scope: z.enum(['shop', 'provider']),
    runs: z.int(),
    last_run_at: timestamp,
    repaired: repairs,
    report: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Reconciliation', description: 'The last reconciliation of the shop or with the provider' });

const accounts = z
  .object({
    stock: z
      .array(
        z.object({
          sku: z.string(),
          available: z.int(),
          held: z.int(),
          sold: z.int(),
          supplied: z.int(),
          balanced: z.boolean(),
        }),
      )
      .readonly(),
    codes: z
      .array(
        z.object({
          code: z.string(),
          free: z.int(),
          held: z.int(),
          used: z.int(),
          issued: z.int(),
          balanced: z.boolean(),
        }),
      )
      .readonly()
      .describe('The discount codes with a limited number of uses, at most 200'),
    money: z
      .array(
        z.object({
          currency: z.string(),
          charged: z.int(),
          refunded: z.int(),
          refund_due: z.int(),
          earned: z.int(),
        }),
      )
      .readonly(),
    contradictions: z.int(),
  })
  .meta({
    id: 'Accounts',
    description: 'The sums of stock, discount codes and money now; amounts in minor units',
  });

/** `/reconciliation` (docs/PAYMENTS.md): for operators. */
export const reconciliationRoutes: FastifyPluginAsyncZod<ReconciliationOptions> = async (server, options) => {
  server.get(
    '/reconciliation',
    operation(
      'operator',
      'getReconciliation',
      'Show the sums of stock and money now, and the last reconciliations',
      {
        response: { 200: z.object({ accounts, reconciliations: z.array(reconciliation) }) },
      },
    ),
    async () => {
      const reconciliations = await listReconciliations(options.database);
      return { accounts: await readAccounts(options.database), reconciliations: reconciliations.map(shown) };
    },
  );

  server.post(
    '/reconciliation',
    operation('operator', 'reconcile', 'Reconcile now, and answer with the number of repairs', {
      response: { 200: repairs, ...problems('timeout') },
    }),
    async (request) => ({ ...(await options.reconcile()), ...(await compare(options, request)) }),
  );
};

function shown({ lastRunAt, ...row }: ReconciliationRow) {
  return { ...row, last_run_at: lastRunAt.toISOString() };
}

async function compare(options: ReconciliationOptions, request: FastifyRequest) {
  try {
    return await options.compare();
  } catch (error) {
    request.log.warn({ err: error }, 'not compared with the provider');
    const message = 'The shop is reconciled; the comparison with the provider failed. Ask again.';
    throw new ShopError('timeout', message);
  }
}
