import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { type RefundRow, refundsSource, selectRefund, toRefund } from '../database/charges.ts';
import { invalidRequest, missing, type Refusal } from '../http/errors.ts';
import { sendOnce } from '../http/idempotent.ts';
import { listParameters, readPage } from '../http/list.ts';
import { integer, metadata, readParameters, text } from '../http/parameters.ts';
import { isIdentifier } from '../identifier.ts';
import { listObject, refundObject } from '../objects.ts';
import { type RefundResult, refund } from '../refunds.ts';

interface ById {
  Params: { id: string };
}

const creation = z.strictObject({
  payment_intent: text(255),
  amount: integer(1, 99_999_999).optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata,
});
const retrieval = z.strictObject({});
const listing = listParameters({ payment_intent: text(255).optional() });

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

  server.get('/v1/refunds', async (request) => {
    const { payment_intent: intent, ...cursor } = readParameters(listing, request.query);
    const source = {
      from: refundsSource,
      where: intent === undefined ? [] : ['payment_intent = :intent'],
      bindings: intent === undefined ? {} : { intent },
    };
    const page = await readPage<RefundRow>(context.sql, 'refund', source, cursor);
    const data = page.rows.map((row) => refundObject(toRefund(row)));
    return listObject('/v1/refunds', data, page.hasMore);
  });

  server.get<ById>('/v1/refunds/:id', async (request) => {
    readParameters(retrieval, request.query);
    const { id } = request.params;
    const found = isIdentifier(id) ? await selectRefund(context.sql, id) : undefined;
    if (found === undefined) throw missing('refund', id);
    return refundObject(found);
  });
}

/** Why a refund was not made, in Stripe's words. */
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
  }
}
