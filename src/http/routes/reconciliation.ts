import { setTimeout as pause } from 'node:timers/promises';
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
import { requestWaitMs } from '../../domain/limits.ts';
import { operation, problems, response, timestamp } from '../schemas.ts';

/** The number of repairs of each kind. */
type Repairs = Readonly<Record<string, number>>;

export interface ReconciliationOptions {
  readonly database: Database;
  readonly reconcile: () => Promise<Repairs>;
  readonly compare: () => Promise<Repairs>;
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
      response: {
        200: repairs,
        202: response(
          'It takes longer than a request may, and goes on. The next request waits for the same comparison',
          z.object({ status: z.literal('running') }),
        ),
        ...problems('timeout'),
      },
    }),
    async (request, reply) => {
      const repaired = await reconcileNow(options, request);
      if (repaired === 'running') return reply.code(202).send({ status: repaired });
      if (repaired === 'not_compared') {
        const message = 'The shop is reconciled; the comparison with the provider failed. Ask again.';
        throw new ShopError('timeout', message);
      }
      return repaired;
    },
  );
};

function shown({ lastRunAt, ...row }: ReconciliationRow) {
  return { ...row, last_run_at: lastRunAt.toISOString() };
}

/**
 * Reconciles the shop and compares it with the provider, and waits for both as long as a request may.
 * @returns the repairs; `running` while it goes on without the request; `not_compared` when the provider could not be asked
 * @throws when the shop itself could not be reconciled
 */
export function reconcileNow(
  options: ReconciliationOptions,
  { log }: FastifyRequest,
): Promise<Repairs | 'running' | 'not_compared'> {
  const reconciled = reconcileBoth(options, log);
  reconciled.catch((error: unknown) => log.warn({ err: error }, 'not reconciled'));
  return Promise.race([reconciled, pause(requestWaitMs, 'running' as const, { ref: false })]);
}

async function reconcileBoth(
  { reconcile, compare }: ReconciliationOptions,
  log: FastifyRequest['log'],
): Promise<Repairs | 'not_compared'> {
  const repaired = await reconcile();
  try {
    return { ...repaired, ...(await compare()) };
  } catch (error) {
    log.warn({ err: error }, 'not compared with the provider');
    return 'not_compared';
  }
}
