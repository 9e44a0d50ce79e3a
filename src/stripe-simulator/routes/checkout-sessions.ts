import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Statement } from '../../shared/statement.ts';
import { selectCharge } from '../charges.ts';
import { selectCoupon } from '../coupons.ts';
import { currencyRules, indivisibleMessage, isDivisible } from '../currencies.ts';
import { invalidRequest } from '../http/errors.ts';
import { sendOnce } from '../http/idempotency.ts';
import { listRoute } from '../http/lists.ts';
import {
  type ById,
  expand,
  findOrRefuse,
  integer,
  metadata,
  noParameters,
  readParameters,
  text,
} from '../http/parameters.ts';
import { type NewSession, type Session, unixSeconds } from '../model.ts';
import { checkoutSessionObject, paymentIntentObject } from '../objects.ts';
import { expire, findSession, insertSession } from '../sessions.ts';
import type { SimulatorContext, Transaction } from '../transaction.ts';

const amountMax = 99_999_999;
const secondsOfLife = 24 * 60 * 60;

const url = z
  .url({ protocol: /^https?$/, error: 'Not a valid URL' })
  .max(5_000)
  .refine((value) => !value.includes('\0'), 'Contains a NUL character');

const priceData = z
  .strictObject({
    currency: z
      .string()
      .transform((value) => value.toLowerCase())
      .refine((value) => Object.hasOwn(currencyRules, value), 'Invalid currency: it is not supported'),
    unit_amount: integer(0, amountMax),
    product_data: z.strictObject({ name: text(250), description: text(1_000).optional() }),
  })
  .refine(({ currency, unit_amount: amount }) => isDivisible(amount, currency), {
    path: ['unit_amount'],
    error: ({ input }) => indivisibleMessage((input as { readonly currency: string }).currency),
  });

// A form's value, or one in JSON. The simulator converts no amounts.
const disabled = z.literal(['false', false], 'Adaptive Pricing is not supported: disable it');

const lineItem = z.strictObject({ price_data: priceData, quantity: integer(1, 999_999) });

const shipping = z.strictObject({
  name: text(5_000),
  phone: text(5_000).optional(),
  address: z.strictObject({
    line1: text(5_000),
    line2: text(5_000).optional(),
    city: text(5_000).optional(),
    country: text(2).optional(),
    postal_code: text(5_000).optional(),
    state: text(5_000).optional(),
  }),
});

const creation = z.strictObject({
  mode: z.literal('payment', 'Only the mode "payment" is supported'),
  line_items: z.array(lineItem).min(1).max(100),
  success_url: url,
  cancel_url: url.optional(),
  client_reference_id: text(200).optional(),
  customer_email: z
    .email({ pattern: z.regexes.html5Email, error: 'Invalid email address' })
    .max(512)
    .optional(),
  metadata,
  payment_intent_data: z.strictObject({ metadata, shipping: shipping.optional() }).default({ metadata: {} }),
  discounts: z
    .array(z.strictObject({ coupon: text(255) }))
    .length(1, 'Only one discount is supported')
    .optional(),
  adaptive_pricing: z.strictObject({ enabled: disabled }).optional(),
  expires_at: integer(0, 99_999_999_999).optional(),
});

type Creation = z.infer<typeof creation>;

const checkedCreation = creation
  .refine(({ line_items }) => new Set(line_items.map(({ price_data }) => price_data.currency)).size === 1, {
    path: ['line_items'],
    error: 'All line items must use the same currency',
  })
  .refine((given) => total(given) > 0, {
    path: ['line_items'],
    error: 'The total amount must be greater than 0',
    params: { code: 'amount_too_small' },
  })
  .refine((given) => total(given) <= amountMax, {
    path: ['line_items'],
    error: `The total amount must be no more than ${amountMax}`,
    params: { code: 'amount_too_large' },
  });

const retrieval = z.strictObject({ expand: expand('payment_intent', 'payment_intent.latest_charge') });

/** Checkout Sessions: create, read, list, expire. */
export function checkoutSessionRoutes(server: FastifyInstance, context: SimulatorContext): void {
  const show = (session: Session): object => checkoutSessionObject(session, context.publicUrl());

  server.post('/v1/checkout/sessions', async (request, reply) => {
    const given = readParameters(checkedCreation, request.body);
    const session = newSession(given, new Date());
    return sendOnce(context, request, reply, async ({ sql }) => {
      // Checked under the key, unlike the other parameters, because a replay after the session's end is still a replay.
      checkExpiry(session, new Date());
      return show(await insertSession(sql, await discounted(sql, session, given.discounts?.[0]?.coupon)));
    });
  });

  listRoute<Session>(server, context, '/v1/checkout/sessions', {
    kind: 'checkout.session',
    from: 'sessions',
    filters: {
      payment_intent: { schema: text(255).optional(), condition: 'payment_intent = :payment_intent' },
    },
    show,
  });

  server.get<ById>('/v1/checkout/sessions/:id', async (request) => {
    const { expand } = readParameters(retrieval, request.query);
    const session = await context.transact((transaction) => find(transaction, request.params.id));
    if (expand.length === 0 || session.paymentIntent === null) return show(session);
    const charge = await selectCharge(context.sql, session.id);
    const intent = paymentIntentObject(session, charge, expand.includes('payment_intent.latest_charge'));
    return checkoutSessionObject(session, context.publicUrl(), intent);
  });

  server.post<ById>('/v1/checkout/sessions/:id/expire', async (request, reply) => {
    readParameters(noParameters, request.body);
    return sendOnce(context, request, reply, async (transaction) => {
      const { id } = await find(transaction, request.params.id);
      const transition = await expire(transaction, id);
      if (transition?.changed) return show(transition.session);
      throw invalidRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. ` +
          `This Checkout Session has a status of \`${transition?.session.status}\`.`,
      );
    });
  });
}

function find(transaction: Transaction, id: string): Promise<Session> {
  return findOrRefuse('checkout.session', id, (id) => findSession(transaction, id), 'session');
}

function newSession(given: Creation, now: Date): NewSession {
  return {
    currency: given.line_items[0]?.price_data.currency ?? '',
    amountTotal: total(given),
    amountDiscount: 0,
    coupon: null,
    lineItems: given.line_items.map(({ price_data, quantity }) => ({
      name: price_data.product_data.name,
      description: price_data.product_data.description ?? null,
      unitAmount: price_data.unit_amount,
      quantity,
    })),
    clientReferenceId: given.client_reference_id ?? null,
    customerEmail: given.customer_email ?? null,
    metadata: given.metadata,
    intentMetadata: given.payment_intent_data.metadata,
    shipping: given.payment_intent_data.shipping ?? null,
    successUrl: given.success_url,
    cancelUrl: given.cancel_url ?? null,
    expiresAt: new Date((given.expires_at ?? unixSeconds(now) + secondsOfLife) * 1000),
  };
}

/**
 * Takes the amount of a coupon off a session.
 * @throws Refusal
 */
async function discounted(sql: Statement, session: NewSession, id: string | undefined): Promise<NewSession> {
  if (id === undefined) return session;
  const coupon = await findOrRefuse('coupon', id, (id) => selectCoupon(sql, id), 'discounts[0][coupon]');
  const { amountOff, currency, maxRedemptions, timesRedeemed } = coupon;
  const refuse = (message: string) => invalidRequest(message, { param: 'discounts[0][coupon]' });
  if (currency !== session.currency)
    throw refuse('The coupon and the line items must use the same currency.');
  if (maxRedemptions !== null && timesRedeemed >= maxRedemptions) {
    throw refuse(`Coupon ${id} is used up and cannot be applied.`);
  }
  // Stripe takes such a session and charges nothing; the simulator has no payments of nothing.
  if (amountOff >= session.amountTotal) throw refuse('The total amount must be greater than 0');
  return { ...session, amountTotal: session.amountTotal - amountOff, amountDiscount: amountOff, coupon: id };
}

function total({ line_items }: Pick<Creation, 'line_items'>): number {
  return line_items.reduce((sum, { price_data, quantity }) => sum + price_data.unit_amount * quantity, 0);
}

/**
 * The session must end in the future, within a day. Stripe's minimum is 30 minutes; without one, short holds can be tried.
 * @throws Refusal
 */
function checkExpiry(session: NewSession, now: Date): void {
  const seconds = unixSeconds(session.expiresAt) - unixSeconds(now);
  if (seconds >= 0 && seconds <= secondsOfLife) return;
  throw invalidRequest(
    'The `expires_at` timestamp must be in the future and at most 24 hours from Checkout Session creation.',
    { param: 'expires_at' },
  );
}
