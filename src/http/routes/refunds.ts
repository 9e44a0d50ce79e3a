import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RefundRow } from '../../database/tables.ts';
import { ShopError } from '../../domain/errors.ts';
import { largestTotalCents } from '../../domain/order.ts';
import type { RefundRequest, RefusedRefund } from '../../domain/refund.ts';
import { admitOperators } from '../operators.ts';
import { checkoutKey, orderId, problem, sentence } from '../schemas.ts';

export interface RefundOptions {
  readonly operatorToken: string | undefined;
  readonly requestRefund: (request: RefundRequest) => Promise<RefundRow | RefusedRefund>;
}

const refundBody = z.strictObject({
  reason: sentence,
  amount: z
    .int()
    .min(1)
    .max(largestTotalCents)
    .optional()
    .describe('Minor units; nothing means all that is left'),
  restock: z
    .boolean()
    .optional()
    .describe('Whether the units go back into stock; nothing means yes unless they were dispatched'),
});

const refund = z.object({
  refund_id: z.int(),
  order_id: z.int(),
  amount: z.int(),
  status: z.enum(['due', 'made']),
  reason: z.string(),
});

/** `POST /order/:order_id/refund` (docs/PAYMENTS.md): for operators; the refund itself is made by a durable workflow. */
export const refundRoutes: FastifyPluginAsyncZod<RefundOptions> = async (server, options) => {
  await admitOperators(server, options.operatorToken);

  server.post(
    '/order/:order_id/refund',
    {
      schema: {
        tags: ['operator'],
        summary: 'Pay back an order, all of it or a part',
        params: z.object({ order_id: orderId }),
        headers: z.looseObject({ 'idempotency-key': checkoutKey.optional() }),
        body: refundBody,
        response: { 202: refund, 400: problem, 401: problem, 404: problem, 409: problem, 422: problem },
      },
    },
    async (request, reply) => {
      const { reason, amount, restock } = request.body;
      const answer = await options.requestRefund({
        orderId: request.params.order_id,
        amountCents: amount,
        restock,
        reason,
        actor: 'operator',
        requestKey: request.headers['idempotency-key'] ?? randomUUID(),
      });
      if ('refused' in answer) throw refundRefusal(answer);
      return reply.code(202).send({
        refund_id: answer.refundId,
        order_id: answer.orderId,
        amount: answer.amountCents,
        status: answer.state,
        reason: answer.reason,
      });
    },
  );
};

/** What a refusal of a refund is to a program that asked for it. */
export function refundRefusal({ refused, refundableCents }: RefusedRefund): ShopError {
  const details = { refundable: refundableCents };
  switch (refused) {
    case 'unknown_order':
      return new ShopError('not_found', 'There is no such order, or it was never to be paid.');
    case 'key_reused':
      return new ShopError('key_reused', 'This idempotency key belongs to another refund.');
    case 'not_refundable':
      return new ShopError('not_refundable', 'The order is not paid, or is paid back already.', details);
    case 'refund_too_large':
      return new ShopError('refund_too_large', `At most ${refundableCents} can be refunded.`, details);
    case 'restock_needs_full_refund': {
      const message = 'restock: an order that will still be dispatched keeps its units; refund all of it';
      return new ShopError('invalid_input', message, { issues: [{ field: 'restock', message }] });
    }
  }
}
