import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RefundRow } from '../../database/tables.ts';
import { ShopError } from '../../domain/errors.ts';
import { largestTotalCents } from '../../domain/limits.ts';
import type { RefundRequest, RefusedRefund } from '../../domain/refund.ts';
import { checkoutKey, operation, problems, reasonText, refundItems, response, serial } from '../schemas.ts';

export interface RefundOptions {
  readonly requestRefund: (request: RefundRequest) => Promise<RefundRow | RefusedRefund>;
}

const refundBody = z
  .strictObject({
    reason: reasonText,
    amount: z
      .int()
      .min(1)
      .max(largestTotalCents)
      .optional()
      .describe('Minor units; by default, all that is left to refund'),
    restock: z
      .boolean()
      .optional()
      .describe(
        'Whether the units return to stock, also those of earlier parcels; by default those that are not shipped, and only with a full refund, or a refund of lines, of an order that is not dispatched',
      ),
    lines: refundItems
      .optional()
      .describe(
        'The units to refund, instead of an amount: what was paid for them, with their discount and tax',
      ),
    delivery: z.boolean().optional().describe('Whether the delivery is refunded too, instead of an amount'),
  })
  .refine(({ amount, lines, delivery }) => amount === undefined || (!lines && !delivery), {
    path: ['amount'],
    error: 'either an amount, or lines and delivery',
  })
  .meta({ examples: [{ reason: 'came broken', amount: 500 }] });

const refund = z
  .object({
    refund_id: z.int(),
    order_id: z.int(),
    amount: z.int().describe('Minor units'),
    status: z.enum(['due', 'made']),
    reason: z.string(),
  })
  .meta({
    id: 'Refund',
    description: 'A refund; `made` once the provider has confirmed it',
    examples: [{ refund_id: 1, order_id: 1, amount: 9999, status: 'due', reason: 'came broken' }],
  });

/** `POST /order/:order_id/refund` (docs/PAYMENTS.md): for operators. A durable workflow makes the refund. */
export const refundRoutes: FastifyPluginAsyncZod<RefundOptions> = async (server, options) => {
  server.post(
    '/order/:order_id/refund',
    operation('operator', 'refundOrder', 'Refund an order, in full or in part', {
      params: z.object({ order_id: serial }),
      headers: z.looseObject({ 'idempotency-key': checkoutKey.optional() }),
      body: refundBody,
      response: {
        202: response('The refund is due', refund),
        ...problems(
          'invalid_input',
          'malformed_body',
          'not_found',
          'not_refundable',
          'refund_too_large',
          'refund_indivisible',
          'key_reused',
        ),
      },
    }),
    async (request, reply) => {
      const { reason, amount, restock, lines, delivery } = request.body;
      const answer = await options.requestRefund({
        orderId: request.params.order_id,
        amountCents: amount,
        restock,
        lines,
        delivery,
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
        reason: answer.note ?? reason,
      });
    },
  );
};

/** The error for a program whose refund request was refused. */
export function refundRefusal({ refused, refundableCents, stepCents }: RefusedRefund): ShopError {
  const details = { refundable: refundableCents };
  switch (refused) {
    case 'unknown_order':
      return new ShopError('not_found', 'There is no such order, or it was never to be paid.');
    case 'key_reused':
      return new ShopError('key_reused', 'This idempotency key belongs to another refund.');
    case 'not_refundable':
      return new ShopError('not_refundable', 'The order is not paid, or is paid back already.', details);
    case 'too_many_units': {
      const message = 'lines: more than was ordered, or shipped, and is not refunded yet';
      return new ShopError('refund_too_large', message, details);
    }
    case 'refund_too_large':
      return new ShopError('refund_too_large', `At most ${refundableCents} can be refunded.`, details);
    case 'refund_indivisible': {
      const message = `In this currency, only multiples of ${stepCents} can be refunded.`;
      return new ShopError('refund_indivisible', message, { ...details, multiple_of: stepCents });
    }
    case 'restock_needs_full_refund': {
      const message = 'restock: an amount says nothing about units; refund their lines, or all of the order';
      return new ShopError('invalid_input', message, { issues: [{ field: 'restock', message }] });
    }
  }
}
