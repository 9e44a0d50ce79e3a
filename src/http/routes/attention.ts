import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import {
  listAttention,
  listReconciliations,
  type ReconciliationRow,
  readAccounts,
} from '../../database/queries/reconciliation.ts';
import type { AttentionRow } from '../../database/tables.ts';
import { ShopError } from '../../domain/errors.ts';
import { admitOperators } from '../operators.ts';
import { problem, sentence, orderId as serial } from '../schemas.ts';

export interface AttentionOptions {
  readonly operatorToken: string | undefined;
  readonly database: Database;
  /** Takes a matter off the list; without a resolution its story is tried again. */
  readonly settleMatter: (matter: {
    attentionId: number;
    resolution: string | null;
  }) => Promise<'done' | 'unknown' | 'not_restartable'>;
  readonly reconcile: () => Promise<Readonly<Record<string, number>>>;
  readonly compare: () => Promise<Readonly<Record<string, number>>>;
}

const matter = z.object({
  attention_id: z.int(),
  kind: z.string(),
  subject: z.string(),
  order_id: z.int().nullable(),
  reason: z.string(),
  raised_at: z.iso.datetime(),
});

const reconciliation = z.object({
  scope: z.enum(['shop', 'provider']),
  runs: z.int(),
  last_run_at: z.iso.datetime(),
  repaired: z.record(z.string(), z.number()),
  report: z.record(z.string(), z.unknown()),
});

const accounts = z.object({
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
});

/** What needs a person, and what reconciliation found (docs/PAYMENTS.md): for operators. */
export const attentionRoutes: FastifyPluginAsyncZod<AttentionOptions> = async (server, options) => {
  await admitOperators(server, options.operatorToken);
  const params = z.object({ attention_id: serial });

  server.get(
    '/attention',
    { schema: { tags: ['operator'], summary: 'What needs a person', response: { 200: z.array(matter) } } },
    async () => {
      const items = await listAttention(options.database);
      return items.map(view);
    },
  );

  server.post(
    '/attention/:attention_id/retry',
    {
      schema: {
        tags: ['operator'],
        summary: 'Try again what was parked',
        params,
        response: { 200: z.object({ retried: z.literal(true) }), 404: problem, 409: problem },
      },
    },
    async (request) => {
      await settle(options, request.params.attention_id, null);
      return { retried: true as const };
    },
  );

  server.post(
    '/attention/:attention_id/resolve',
    {
      schema: {
        tags: ['operator'],
        summary: 'Take off the list what is settled',
        params,
        body: z.strictObject({ resolution: sentence }),
        response: { 200: z.object({ resolved: z.literal(true) }), 400: problem, 404: problem },
      },
    },
    async (request) => {
      await settle(options, request.params.attention_id, request.body.resolution);
      return { resolved: true as const };
    },
  );

  server.get(
    '/reconciliation',
    {
      schema: {
        tags: ['operator'],
        summary: 'The sums of stock and money now, and what was reconciled',
        response: { 200: z.object({ accounts, reconciliations: z.array(reconciliation) }) },
      },
    },
    async () => {
      const reconciliations = await listReconciliations(options.database);
      return { accounts: await readAccounts(options.database), reconciliations: reconciliations.map(shown) };
    },
  );

  server.post(
    '/reconciliation',
    {
      schema: {
        tags: ['operator'],
        summary: 'Reconcile now, and say what was repaired',
        response: { 200: z.record(z.string(), z.number()), 503: problem },
      },
    },
    async (request) => ({ ...(await options.reconcile()), ...(await compare(options, request)) }),
  );
};

function shown({ lastRunAt, ...row }: ReconciliationRow) {
  return { ...row, last_run_at: lastRunAt.toISOString() };
}

async function compare(options: AttentionOptions, request: FastifyRequest) {
  try {
    return await options.compare();
  } catch (error) {
    request.log.warn({ err: error }, 'not compared with the provider');
    const message = 'Our own rows are reconciled; they could not be compared with the provider’s. Ask again.';
    throw new ShopError('timeout', message);
  }
}

/** Takes a matter off the list. @throws ShopError `not_found` or `not_restartable` */
export async function settle(
  { settleMatter }: Pick<AttentionOptions, 'settleMatter'>,
  attentionId: number,
  resolution: string | null,
): Promise<void> {
  const outcome = await settleMatter({ attentionId, resolution });
  if (outcome === 'unknown') throw new ShopError('not_found', 'There is no such open matter.');
  if (outcome === 'not_restartable') {
    throw new ShopError('not_restartable', 'This has no story to try again. Resolve it once it is settled.');
  }
}

function view({
  attentionId,
  kind,
  subject,
  orderId,
  reason,
  raisedAt,
}: AttentionRow): z.infer<typeof matter> {
  const raised_at = raisedAt.toISOString();
  return { attention_id: attentionId, kind, subject, order_id: orderId, reason, raised_at };
}
