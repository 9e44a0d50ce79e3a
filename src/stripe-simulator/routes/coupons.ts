import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { insertCoupon, selectCoupon } from '../coupons.ts';
import { currencyRules, indivisibleMessage, isDivisible } from '../currencies.ts';
import { sendOnce } from '../http/idempotency.ts';
import {
  type ById,
  findOrRefuse,
  integer,
  metadata,
  noParameters,
  readParameters,
  text,
} from '../http/parameters.ts';
import { couponObject } from '../objects.ts';
import type { SimulatorContext } from '../transaction.ts';

const creation = z
  .strictObject({
    amount_off: integer(1, 99_999_999),
    currency: z
      .string()
      .transform((value) => value.toLowerCase())
      .refine((value) => Object.hasOwn(currencyRules, value), 'Invalid currency: it is not supported'),
    duration: z.literal('once', 'Only the duration "once" is supported'),
    max_redemptions: integer(1, 1_000_000).optional(),
    name: text(40).optional(),
    metadata,
  })
  .refine(({ currency, amount_off: amount }) => isDivisible(amount, currency), {
    path: ['amount_off'],
    error: ({ input }) => indivisibleMessage((input as { readonly currency: string }).currency),
  });

/** Coupons of an amount: create, read. */
export function couponRoutes(server: FastifyInstance, context: SimulatorContext): void {
  server.post('/v1/coupons', async (request, reply) => {
    const given = readParameters(creation, request.body);
    return sendOnce(context, request, reply, async ({ sql }) =>
      couponObject(
        await insertCoupon(sql, {
          amountOff: given.amount_off,
          currency: given.currency,
          maxRedemptions: given.max_redemptions ?? null,
          name: given.name ?? null,
          metadata: given.metadata,
        }),
      ),
    );
  });

  server.get<ById>('/v1/coupons/:id', async (request) => {
    readParameters(noParameters, request.query);
    return couponObject(
      await findOrRefuse('coupon', request.params.id, (id) => selectCoupon(context.sql, id)),
    );
  });
}
