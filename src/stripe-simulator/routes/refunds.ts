import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type RefundResult, refund, refundsSource, selectRefund } from '../charges.ts';
import { indivisibleMessage } from '../currencies.ts';
import { invalidRequest, missing, type Refusal } from '../http/errors.ts';
import { sendOnce } from '../http/idempotency.ts';
import { listRoute } from '../http/lists.ts';
import {
  type ById,
  findOrRefuse,
  integer,
  metadata,
  noParameters,
  readParameters,
  text,
} from '../http/parameters.ts';
import type { Refund } from '../model.ts';
import { refundObject } from '../objects.ts';
import type { SimulatorContext } from '../transaction.ts';

const creation = z.strictObject({
  payment_intent: text(255),
  amount: integer(1, 99_999_999).optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata,
});

/** Refunds: create, read, list. */
export function refundRoutes(server: FastifyInstance, context: SimulatorContext): void {
  server.post('/v1/refunds', async (request, reply) => {
    const {
      payment_intent: intent,
      amount,
      reason = null,
      metadata,
    } = readParameters(creation, request.body);
    return sendOnce(context, request, reply, async (transaction) => {
      if (!intent.startsWith('pi_')) throw missing('payment_intent', intent, 'payment_intent');
      const result = await refund(transaction, intent, { amount, reason, metadata });
      if (result.outcome === 'refunded') return refundObject(result.refund);
      throw refusalOf(result, intent);
    });
  });

  listRoute<Refund>(server, context, '/v1/refunds', {
    kind: 'refund',
    from: refundsSource,
    filters: {
      payment_intent: { schema: text(255).optional(), condition: 'payment_intent = :payment_intent' },
    },
    show: refundObject,
  });

  server.get<ById>('/v1/refunds/:id', async (request) => {
    readParameters(noParameters, request.query);
    return refundObject(
      await findOrRefuse('refund', request.params.id, (id) => selectRefund(context.sql, id)),
    );
  });
}

/** The reason why a refund was not made, in Stripe's words. */
export function refusalOf(result: Exclude<RefundResult, { outcome: 'refunded' }>, intent: string): Refusal {
  switch (result.outcome) {
    case 'unknown':
      return missing('payment_intent', intent, 'payment_intent');
    case 'not_charged':
      return invalidRequest(`This PaymentIntent (${intent}) does not have a successful charge to refund.`, {
        param: 'payment_intent',
      });
    case 'already_refunded':
      return invalidRequest(`Charge ${result.charge.id} has already been refunded.`, {
        code: 'charge_already_refunded',
      });
    case 'too_much':
      return invalidRequest(
        `Refund amount is greater than unrefunded amount on charge: ` +
          `${result.charge.amount - result.charge.amountRefunded} are left of ${result.charge.amount}.`,
        { param: 'amount' },
      );
    case 'indivisible':
      return invalidRequest(indivisibleMessage(result.charge.currency), { param: 'amount' });
  }
}
