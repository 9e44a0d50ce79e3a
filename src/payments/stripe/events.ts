import Stripe from 'stripe';
import { z } from 'zod';
import { ShopError } from '../../domain/errors.ts';
import type { PaymentEvent } from '../../domain/payment.ts';
import type { SignedMessage } from '../provider.ts';

// Stripe's own tolerance for the age of a signature (docs "Webhooks").
const toleranceSeconds = 300;

// What is written down or looked up as text, which Postgres takes without the character 0 only.
const text = z.string().regex(/^\P{Cc}{1,255}$/u);
const reference = z.union([text, z.object({ id: text })]).nullish();

const marks = z.object({ order_id: z.string().optional(), order_key: z.string().optional() }).nullish();

const checkoutSession = z.object({
  id: z.string(),
  client_reference_id: z.string().nullish(),
  metadata: marks,
  amount_total: z.int().nullish(),
  currency: z.string().nullish(),
  payment_status: z.string().nullish(),
  payment_intent: reference,
});

// A charge or a dispute; only a charge has what was refunded of it.
const chargeOrDispute = z.object({
  amount: z.int().nullish(),
  amount_refunded: z.int().nullish(),
  currency: z.string().nullish(),
  payment_intent: reference,
  metadata: marks,
});

const stripeEvent = z.object({
  id: text,
  type: text,
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
 *   `malformed_body` when the signed text is no event.
 */
export function verifyEvent(
  { rawBody, signature }: SignedMessage,
  webhookSecrets: readonly string[],
  now: Date,
): PaymentEvent {
  const event = readEvent(signedBody(rawBody, signature, webhookSecrets, now));
  if (!event) throw new ShopError('malformed_body', 'The message is signed but is not an event.');
  return event;
}

/** Reads an event from the provider's own object; undefined when that is not an event. */
export function readEvent(body: unknown): PaymentEvent | undefined {
  const event = stripeEvent.safeParse(body);
  if (!event.success) return undefined;
  const { id, type, livemode, data } = event.data;
  const facts = factsOf(type, data.object) ?? { says: 'other' as const, ...nothing };
  return { id, type, live: livemode, ...facts, body };
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

type Facts = Omit<PaymentEvent, 'id' | 'type' | 'live' | 'body'>;

const nothing = {
  orderId: null,
  orderKey: null,
  sessionId: null,
  amountCents: null,
  refundedCents: null,
  currency: null,
  transactionId: null,
} as const;

function factsOf(type: string, object: unknown): Facts | undefined {
  if (type.startsWith('checkout.session.')) return sessionFacts(type, object);
  if (type === 'charge.refunded') return chargeFacts('refunded', object);
  if (type === 'charge.dispute.created') return chargeFacts('disputed', object);
  return undefined;
}

function sessionFacts(type: string, object: unknown): Facts | undefined {
  const { data: session } = checkoutSession.safeParse(object);
  if (!session) return undefined;
  return {
    says: whatItSays(type, session.payment_status),
    orderId: orderReference(session.client_reference_id),
    orderKey: session.metadata?.order_key ?? null,
    sessionId: session.id,
    amountCents: session.amount_total ?? null,
    refundedCents: null,
    currency: session.currency?.toUpperCase() ?? null,
    transactionId: transactionOf(session.payment_intent),
  };
}

function chargeFacts(says: 'refunded' | 'disputed', object: unknown): Facts | undefined {
  const { data: charge } = chargeOrDispute.safeParse(object);
  if (!charge) return undefined;
  return {
    says,
    orderId: orderReference(charge.metadata?.order_id),
    orderKey: charge.metadata?.order_key ?? null,
    sessionId: null,
    amountCents: charge.amount ?? null,
    refundedCents: charge.amount_refunded ?? null,
    currency: charge.currency?.toUpperCase() ?? null,
    transactionId: transactionOf(charge.payment_intent),
  };
}

function whatItSays(type: string, paymentStatus: string | null | undefined): PaymentEvent['says'] {
  switch (type) {
    case 'checkout.session.completed':
      // A bank transfer is on its way: the word comes with another event.
      return paymentStatus === 'paid' ? 'paid' : 'other';
    case 'checkout.session.async_payment_succeeded':
      return 'paid';
    case 'checkout.session.expired':
    case 'checkout.session.async_payment_failed':
      return 'ended';
    default:
      return 'other';
  }
}

const orderNumber = /^[1-9]\d{0,9}$/;
const largestOrderNumber = 2 ** 31 - 1;

/** Our order in a reference that we gave the provider; null for anything else. */
export function orderReference(reference: string | null | undefined): number | null {
  const orderId = orderNumber.test(reference ?? '') ? Number(reference) : Number.NaN;
  return orderId <= largestOrderNumber ? orderId : null;
}

/** The id of a charge, which the provider sends alone or with the whole object. */
export function transactionOf(intent: string | { readonly id: string } | null | undefined): string | null {
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}
