import { z } from 'zod';
import { type NewSession, unixSeconds } from '../session.ts';
import { invalidRequest } from './errors.ts';
import { integer, metadata, readParameters, text } from './parameters.ts';

const amountMax = 99_999_999;
const secondsOfLife = 24 * 60 * 60;
const currencies = new Set(Intl.supportedValuesOf('currency').map((currency) => currency.toLowerCase()));

const url = z
  .url({ protocol: /^https?$/, error: 'Not a valid URL' })
  .max(5_000)
  .refine((value) => !value.includes('\0'), 'Contains a NUL character');

const lineItem = z.strictObject({
  price_data: z.strictObject({
    currency: z
      .string()
      .transform((value) => value.toLowerCase())
      .refine((value) => currencies.has(value), 'Invalid currency: three letters as in ISO 4217 are needed'),
    unit_amount: integer(0, amountMax),
    product_data: z.strictObject({ name: text(250), description: text(1_000).optional() }),
  }),
  quantity: integer(1, 999_999),
});

const fields = z.strictObject({
  mode: z.literal('payment', 'Only the mode "payment" is supported'),
  line_items: z.array(lineItem).min(1).max(100),
  success_url: url,
  cancel_url: url.optional(),
  client_reference_id: text(200).optional(),
  customer_email: z.email('Invalid email address').max(512).optional(),
  metadata,
  payment_intent_data: z.strictObject({ metadata }).default({ metadata: {} }),
  expires_at: integer(0, 99_999_999_999).optional(),
});

type Parameters = z.infer<typeof fields>;

const parameters = fields
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

/**
 * Reads the parameters of a new session.
 * @throws Refusal
 */
export function readNewSession(body: unknown, now: Date): NewSession {
  return toNewSession(readParameters(parameters, body), now);
}

/**
 * The session must end in the future, within a day; looser below than Stripe's 30 minutes, so that short holds can be tried.
 * @throws Refusal
 */
export function checkExpiry(session: NewSession, now: Date): void {
  const seconds = unixSeconds(session.expiresAt) - unixSeconds(now);
  if (seconds >= 0 && seconds <= secondsOfLife) return;
  throw invalidRequest(
    'The `expires_at` timestamp must be in the future and at most 24 hours from Checkout Session creation.',
    { param: 'expires_at' },
  );
}

function total({ line_items }: Pick<Parameters, 'line_items'>): number {
  return line_items.reduce((sum, { price_data, quantity }) => sum + price_data.unit_amount * quantity, 0);
}

function toNewSession(given: Parameters, now: Date): NewSession {
  const expiresAt = given.expires_at ?? unixSeconds(now) + secondsOfLife;
  return {
    currency: given.line_items[0]?.price_data.currency ?? '',
    amountTotal: total(given),
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
    successUrl: given.success_url,
    cancelUrl: given.cancel_url ?? null,
    expiresAt: new Date(expiresAt * 1000),
  };
}
