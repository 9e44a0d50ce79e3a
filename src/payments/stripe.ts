import Stripe from 'stripe';
import type {
  EndedSession,
  KnownSession,
  PaymentProvider,
  PaymentSession,
  SessionRequest,
} from './provider.ts';

export interface StripeOptions {
  readonly secretKey: string;
  /** Origin of a service that speaks Stripe's API; undefined for Stripe itself. */
  readonly serviceUrl: string | undefined;
  /** Shortest life of a session that the provider accepts. Stripe: half an hour (docs "Expire a Session"). */
  readonly shortestSessionSeconds: number;
}

// One try of a call; the workflow step decides whether there is another.
const callTimeoutMs = 8_000;

/** The adapter for Stripe, and for everything that speaks its API: Checkout Sessions in payment mode. */
export function createStripeProvider(options: StripeOptions): PaymentProvider {
  const stripe = new Stripe(options.secretKey, {
    timeout: callTimeoutMs,
    maxNetworkRetries: 0,
    telemetry: false,
    ...addressOf(options.serviceUrl),
  });
  return {
    openSession: (request) =>
      openSession(stripe, request, options.shortestSessionSeconds).catch((error: unknown) => {
        if (error instanceof Stripe.errors.StripeInvalidRequestError) return { refused: error.message };
        throw error;
      }),
    endSession: (session) => endSession(stripe, session),
  };
}

function addressOf(serviceUrl: string | undefined): Stripe.StripeConfig {
  if (serviceUrl === undefined) return {};
  const { protocol, hostname, port } = new URL(serviceUrl);
  return { protocol: protocol === 'https:' ? 'https' : 'http', host: hostname, ...(port && { port }) };
}

async function openSession(
  stripe: Stripe,
  request: SessionRequest,
  shortestSessionSeconds: number,
): Promise<PaymentSession> {
  const reference = String(request.orderId);
  // Computed from what is on record, so that a repeated call has the same parameters.
  const holdEnds = Math.ceil(request.holdExpiresAt / 1000);
  const session = await stripe.checkout.sessions.create(
    {
      mode: 'payment',
      client_reference_id: reference,
      metadata: { order_id: reference },
      line_items: request.lines.map((line) => ({
        quantity: line.qty,
        price_data: {
          currency: request.currency.toLowerCase(),
          unit_amount: line.unitPriceCents,
          product_data: { name: line.product },
        },
      })),
      expires_at: holdEnds + shortestSessionSeconds,
      success_url: request.orderUrl,
      cancel_url: request.orderUrl,
      ...(request.email !== null && { customer_email: request.email }),
    },
    { idempotencyKey: `pay_${request.orderId}` },
  );
  if (!session.url) throw new Error(`The provider gave session ${session.id} no page.`);
  return { sessionId: session.id, url: session.url };
}

async function endSession(stripe: Stripe, known: KnownSession): Promise<EndedSession> {
  const stands = standing(await stripe.checkout.sessions.retrieve(known.sessionId), known);
  if (stands) return stands;
  // Stripe refuses to expire what is no longer open; the next try then reads what it has become.
  const standsNow = standing(await stripe.checkout.sessions.expire(known.sessionId), known);
  if (!standsNow) throw new Error(`Session ${known.sessionId} is still open.`);
  return standsNow;
}

function standing(session: Stripe.Checkout.Session, known: KnownSession): EndedSession | undefined {
  if (session.status === 'expired') return { outcome: 'ended' };
  if (session.payment_status !== 'paid') return undefined;
  if (session.amount_total !== known.amountCents || session.currency?.toUpperCase() !== known.currency) {
    throw new Error(
      `Session ${session.id} was paid with ${session.amount_total} ${session.currency}, not as ordered.`,
    );
  }
  return { outcome: 'paid', transactionId: transactionOf(session) };
}

/** The id of the money's movement, which a refund will name. */
function transactionOf(session: Stripe.Checkout.Session): string {
  const intent = session.payment_intent;
  if (!intent) throw new Error(`Paid session ${session.id} names no payment.`);
  return typeof intent === 'string' ? intent : intent.id;
}
