import Stripe from 'stripe';
import { z } from 'zod';
import { ShopError } from '../../domain/errors.ts';
import { largestSerial } from '../../domain/limits.ts';
import type { PaymentEvent } from '../../domain/payment.ts';
import { isNestedTooDeeply, nestedTooDeeply } from '../../shared/json-depth.ts';
import type { SignedMessage } from '../provider.ts';

// Stripe's own tolerance for the age of a signature (docs "Webhooks").
const toleranceSeconds = 300;

// Text that is stored or looked up. Postgres rejects the character 0.
const text = z.string().regex(/^\P{Cc}{1,255}$/u);
const printed = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,2000}$/u)
  .nullish()
  .catch(null);
const reference = z.union([text, z.object({ id: text })]).nullish();

const metadata = z
  .object({ order_id: z.string().optional(), correlation_token: z.string().optional() })
  .nullish();

const checkoutSession = z.object({
  id: z.string(),
  client_reference_id: z.string().nullish(),
  metadata,
  amount_total: z.int().nullish(),
  currency: z.string().nullish(),
  payment_status: z.string().nullish(),
  payment_intent: reference,
  // Nothing is decided by these, so a strange one does not spoil the event.
  success_url: printed,
  customer_email: printed,
  customer_details: z.object({ email: printed }).nullish().catch(null),
});

// A charge or a dispute; only a charge has a refunded amount.
const chargeOrDispute = z.object({
  amount: z.int().nullish(),
  amount_refunded: z.int().nullish(),
  currency: z.string().nullish(),
  payment_intent: reference,
  metadata,
});

/** The version of Stripe's API that this adapter calls, and whose events it reads. docs/PAYMENTS.md names it. */
export const apiVersion: Stripe.LatestApiVersion = '2026-10-28.endive';

const stripeEvent = z.object({
  id: text,
  type: text,
  // Nothing is decided by it, as above.
  api_version: text.nullish().catch(null),
  created: z.int(),
  livemode: z.boolean().default(false),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

/** The header that carries the signature of a message. */
export const signatureHeader = 'stripe-signature';

/**
 * Verifies the signature of a message over its raw bytes, and reads the event.
 * @param webhookSecrets every secret that is valid now; there are two while one is being rotated
 * @throws ShopError `bad_signature` when the signature is missing, wrong, or older or newer than five minutes;
 *   `malformed_body` when the signed text is no event, or is nested more than 100 levels deep.
 */
export function verifyEvent(
  { rawBody, signature }: SignedMessage,
  webhookSecrets: readonly string[],
  now: Date,
): PaymentEvent {
  const body = signedBody(rawBody, signature, webhookSecrets, now);
  if (isNestedTooDeeply(rawBody.toString())) throw new ShopError('malformed_body', nestedTooDeeply);
  const event = readEvent(body);
  if (!event) throw new ShopError('malformed_body', 'The message is signed but is not an event.');
  return event;
}

/**
 * Reads an event from the provider's own object, or from the `body` of one that was read before; undefined when that is not an event.
 * The schemas above name the fields that are read. Everything else stays out of the event and its body, for example a buyer's name.
 */
export function readEvent(message: unknown): PaymentEvent | undefined {
  const event = stripeEvent.safeParse(message);
  if (!event.success) return undefined;
  const { data, ...envelope } = event.data;
  const { id, type, livemode, api_version: version } = envelope;
  const { object, ...content } = contentOf(type, data.object) ?? nothing;
  const otherVersion = !version || version === apiVersion ? null : { version, expected: apiVersion };
  return { id, type, live: livemode, ...content, otherVersion, body: { ...envelope, data: { object } } };
}

function signedBody(
  rawBody: Buffer,
  signature: string | undefined,
  webhookSecrets: readonly string[],
  now: Date,
): unknown {
  if (!signature) throw new ShopError('bad_signature', 'The Stripe-Signature header is missing.');
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
  if (signedAt - now.getTime() / 1000 > toleranceSeconds) {
    throw new ShopError('bad_signature', 'The signature is from the future.');
  }
  for (const secret of webhookSecrets) {
    try {
      // The official package compares in constant time, with each v1 in the header.
      return Stripe.webhooks.constructEvent(
        rawBody,
        signature,
        secret,
        toleranceSeconds,
        undefined,
        now.getTime(),
      );
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue;
      throw new ShopError('malformed_body', 'The message is signed but is not JSON.');
    }
  }
  throw new ShopError('bad_signature', 'The signature does not match the message, or is too old.');
}

/** The fields of an event's object, in our words and, for the body, in the provider's. */
type EventContent = Omit<PaymentEvent, 'id' | 'type' | 'live' | 'otherVersion' | 'body'> & {
  readonly object: object;
};

const nothing: EventContent = {
  kind: 'other',
  object: {},
  orderId: null,
  correlationToken: null,
  sessionId: null,
  amountCents: null,
  refundedCents: null,
  currency: null,
  transactionId: null,
  returnUrl: null,
  email: null,
};

function contentOf(type: string, object: unknown): EventContent | undefined {
  if (type.startsWith('checkout.session.')) return readSession(type, object);
  if (type === 'charge.refunded') return readCharge('refunded', object);
  if (type === 'charge.dispute.created') return readCharge('disputed', object);
  return undefined;
}

function readSession(type: string, object: unknown): EventContent | undefined {
  const { data } = checkoutSession.safeParse(object);
  if (!data) return undefined;
  const { customer_email, customer_details, ...session } = data;
  return {
    object: session,
    kind: sessionEventKind(type, session.payment_status),
    orderId: ourNumber(session.client_reference_id),
    correlationToken: session.metadata?.correlation_token ?? null,
    sessionId: session.id,
    amountCents: session.amount_total ?? null,
    refundedCents: null,
    currency: session.currency?.toUpperCase() ?? null,
    transactionId: transactionOf(session.payment_intent),
    returnUrl: session.success_url ?? null,
    email: customer_details?.email ?? customer_email ?? null,
  };
}

function readCharge(kind: 'refunded' | 'disputed', object: unknown): EventContent | undefined {
  const { data: charge } = chargeOrDispute.safeParse(object);
  if (!charge) return undefined;
  return {
    object: charge,
    kind,
    orderId: ourNumber(charge.metadata?.order_id),
    correlationToken: charge.metadata?.correlation_token ?? null,
    sessionId: null,
    amountCents: charge.amount ?? null,
    refundedCents: charge.amount_refunded ?? null,
    currency: charge.currency?.toUpperCase() ?? null,
    transactionId: transactionOf(charge.payment_intent),
    returnUrl: null,
    email: null,
  };
}

function sessionEventKind(type: string, paymentStatus: string | null | undefined): PaymentEvent['kind'] {
  switch (type) {
    case 'checkout.session.completed':
      // A bank transfer is on its way: another event reports its end.
      return paymentStatus === 'paid' ? 'paid' : 'other';
    case 'checkout.session.async_payment_succeeded':
      return 'paid';
    case 'checkout.session.expired':
      return 'ended';
    case 'checkout.session.async_payment_failed':
      return 'failed';
    default:
      return 'other';
  }
}

const serialNumber = /^[1-9]\d{0,15}$/;

/** The number of an order or a refund in a reference that we gave the provider; null for anything else. */
export function ourNumber(reference: string | null | undefined): number | null {
  const serial = serialNumber.test(reference ?? '') ? Number(reference) : Number.NaN;
  return serial <= largestSerial ? serial : null;
}

/** The id of a charge, which the provider sends alone or with the whole object. */
export function transactionOf(intent: string | { readonly id: string } | null | undefined): string | null {
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}
