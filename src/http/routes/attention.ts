import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import {
  attentionPerPage,
  listAttention,
  type OpenAttentionItem,
} from '../../database/queries/reconciliation.ts';
import { attentionCodes } from '../../domain/attention.ts';
import { ShopError } from '../../domain/errors.ts';
import { attentionReasonText } from '../../operator/words.ts';
import { operation, problems, reasonText, serial, timestamp } from '../schemas.ts';

export interface AttentionOptions {
  readonly database: Database;
  /** Takes an attention item off the list; without a resolution, its workflow is started again. */
  readonly resolveItem: (item: {
    attentionId: number;
    resolution: string | null;
  }) => Promise<'done' | 'unknown' | 'not_restartable'>;
}

const attentionItem = z
  .object({
    attention_id: z.int(),
    kind: z.string(),
    subject: z.string(),
    order_id: z.int().nullable(),
    reason: z.string(),
    reason_code: z.enum(attentionCodes),
    detail: z.looseObject({}).describe('The parameters of the reason'),
    count: z.int().min(1).describe('How often it happened; the reason is the newest one'),
    raised_at: timestamp,
  })
  .meta({ id: 'AttentionItem', description: 'Something that a person has to decide' });

const notOpen = () => new ShopError('not_found', 'There is no such open attention item.');

/** Attention items (docs/PAYMENTS.md): for operators. */
export const attentionRoutes: FastifyPluginAsyncZod<AttentionOptions> = async (server, options) => {
  const params = z.object({ attention_id: serial });

  server.get(
    '/attention',
    operation(
      'operator',
      'listAttentionItems',
      `List the open attention items, disputes first, at most ${attentionPerPage}`,
      {
        querystring: z.object({
          after: serial.optional().describe('The last attention_id of the previous page'),
        }),
        response: { 200: z.array(attentionItem), ...problems('invalid_input') },
      },
    ),
    async (request) => (await listAttention(options.database, request.query.after)).map(view),
  );

  server.post(
    '/attention/:attention_id/retry',
    operation('operator', 'retryAttentionItem', 'Start the workflow of an attention item again', {
      params,
      response: {
        200: z.object({ retried: z.literal(true) }),
        ...problems('invalid_input', 'not_found', 'not_restartable'),
      },
    }),
    async (request) => {
      if (!(await resolveAttentionItem(options, request.params.attention_id, null))) throw notOpen();
      return { retried: true as const };
    },
  );

  server.post(
    '/attention/:attention_id/resolve',
    operation('operator', 'resolveAttentionItem', 'Close an attention item that a person has dealt with', {
      params,
      body: z
        .strictObject({ resolution: reasonText })
        .meta({ examples: [{ resolution: 'Sent the second payment back by hand.' }] }),
      response: {
        200: z.object({ resolved: z.literal(true) }),
        ...problems('invalid_input', 'malformed_body', 'not_found'),
      },
    }),
    async (request) => {
      const { attention_id: attentionId } = request.params;
      if (!(await resolveAttentionItem(options, attentionId, request.body.resolution))) throw notOpen();
      return { resolved: true as const };
    },
  );
};

/**
 * Takes an attention item off the list; without a resolution, its workflow is started again.
 * @returns false when no such item is open
 * @throws ShopError `not_restartable`
 */
export async function resolveAttentionItem(
  { resolveItem }: AttentionOptions,
  attentionId: number,
  resolution: string | null,
): Promise<boolean> {
  const outcome = await resolveItem({ attentionId, resolution });
  if (outcome === 'not_restartable') {
    throw new ShopError('not_restartable', 'There is no workflow to start again. Resolve the item instead.');
  }
  return outcome === 'done';
}

function view({ reason, ...item }: OpenAttentionItem): z.infer<typeof attentionItem> {
  const { code, ...detail } = reason;
  return {
    attention_id: item.attentionId,
    kind: item.kind,
    subject: item.subject,
    order_id: item.orderId,
    reason: attentionReasonText(reason),
    reason_code: code,
    detail,
    count: item.count,
    raised_at: item.raisedAt.toISOString(),
  };
}
