import Stripe from 'stripe';
import { z } from 'zod';
import { ShopError } from '../domain/errors.ts';
import type { PaymentEvent } from '../domain/payment.ts';

// Stripe's own tolerance for the age of a signature (docs "Webhooks").
const toleranceSeconds = 300;

const checkoutSession = z.object({
  id: z.string(),
  client_reference_id: z.string().nullish(),
  amount_total: z.int().nullish(),
  currency: z.string().nullish(),
  payment_status: z.string().nullish(),
  payment_intent: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
});

const stripeEvent = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1),
  created: z.int(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

/**
 * Turns a signed message into an event in our words.
 * @param rawBody the bytes as they came; the signature is over them
 * @throws ShopError `bad_signature` when the signature is missing, wrong, or older or newer than five minutes;
 *   `malformed_body` when what was signed is no event.
 */
export function verifyPaymentEvent(
  rawBody: Buffer,
  signature: string | undefined,
  webhookSecret: string,
  now: Date,
): PaymentEvent {
  const event = stripeEvent.safeParse(signedBody(rawBody, signature, webhookSecret, now));
  if (!event.success) throw new ShopError('malformed_body', 'The message is signed but is not an event.');
  const { id, type, data } = event.data;
  const session = checkoutSession.safeParse(data.object);
  const unknown = { orderId: null, sessionId: null, amountCents: null, currency: null, transactionId: null };
  if (!type.startsWith('checkout.session.') || !session.success) {
    return { id, type, says: 'other', ...unknown, body: event.data };
  }
  return { id, type, says: whatItSays(type, session.data), ...factsOf(session.data), body: event.data };
}

function signedBody(
  rawBody: Buffer,
  signature: string | undefined,
  webhookSecret: string,
  now: Date,
): unknown {
  if (!signature) throw new ShopError('bad_signature', 'The Stripe-Signature header is missing.');
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1]);
  if (signedAt - now.getTime() / 1000 > toleranceSeconds) {
    throw new ShopError('bad_signature', 'The signature is from the future.');
  }
  try {
    // The official package compares in constant time, against each v1 in the header.
    return Stripe.webhooks.constructEvent(
      rawBody,
      signature,
      webhookSecret,
      toleranceSeconds,
      undefined,
      now.getTime(),
    );
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) {
      throw new ShopError('bad_signature', 'The signature does not match the message, or is too old.');
    }
    throw new ShopError('malformed_body', 'The message is signed but is not JSON.');
  }
}

function whatItSays(type: string, session: z.infer<typeof checkoutSession>): PaymentEvent['says'] {
  switch (type) {
    case 'checkout.session.completed':
      return session.payment_status === 'paid' ? 'paid' : 'other';
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

function factsOf(session: z.infer<typeof checkoutSession>) {
  const reference = session.client_reference_id ?? '';
  const orderId = orderNumber.test(reference) ? Number(reference) : Number.NaN;
  const intent = session.payment_intent;
  return {
    orderId: orderId <= largestOrderNumber ? orderId : null,
    sessionId: session.id,
    amountCents: session.amount_total ?? null,
    currency: session.currency?.toUpperCase() ?? null,
    transactionId: typeof intent === 'string' ? intent : (intent?.id ?? null),
  };
}
