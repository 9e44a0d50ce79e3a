import type Stripe from 'stripe';
import { asciiAddressOf } from '../../domain/email-address.ts';
import type { PostalAddress } from '../../domain/postal-address.ts';
import type {
  EndedSession,
  ListedSession,
  PaymentSession,
  RecordedSession,
  SessionRequest,
} from '../provider.ts';
import { ourNumber, readEvent, transactionOf } from './events.ts';
import type { FreshKeys } from './idempotency.ts';
import { createdSince, pageSize } from './lists.ts';

// A session whose answer was lost is young: it is near the top of the list, or does not exist.
const sessionsToSearch = 1_000;

/**
 * Opens the session of an order under the key `pay_<order id>`, or finds the one that was opened before.
 * @throws the provider's error while the outcome is unknown
 */
export function openSession(
  stripe: Stripe,
  keys: FreshKeys,
  request: SessionRequest,
  shortestSessionSeconds: number,
): Promise<PaymentSession> {
  const parameters = sessionParameters(request, shortestSessionSeconds);
  return keys.use(`pay_${request.orderId}`, {
    call: async (idempotencyKey) => {
      const discounts = await discountOf(stripe, request, idempotencyKey);
      return sessionOf(
        await stripe.checkout.sessions.create({ ...parameters, ...discounts }, { idempotencyKey }),
        request,
      );
    },
    find: async () => {
      const lost = await findSession(stripe, request);
      return lost && sessionOf(lost, request);
    },
  });
}

function sessionParameters(
  request: SessionRequest,
  shortestSessionSeconds: number,
): Stripe.Checkout.SessionCreateParams {
  const reference = String(request.orderId);
  const metadata = { order_id: reference, correlation_token: request.correlationToken };
  // Computed from recorded values, so that a repeated call has the same parameters. Only the e-mail address may have been corrected
  // meanwhile, which `isOfOtherCall` covers.
  const holdEnds = Math.ceil(request.holdExpiresAt / 1000);
  // Stripe documents no address beyond ASCII, and a refused one would cancel the order. Without one its page asks for it.
  const customerEmail = request.email === null ? null : asciiAddressOf(request.email);
  return {
    mode: 'payment',
    // The amount in an event has to be the order's, in the order's currency.
    adaptive_pricing: { enabled: false },
    client_reference_id: reference,
    metadata,
    // So that a refund or a dispute, which names the charge alone, names the order too.
    payment_intent_data: { metadata, ...shippingOf(request.delivery?.address) },
    line_items: pricedItems(request).map(({ name, cents, quantity }) => ({
      quantity,
      price_data: {
        currency: request.currency.toLowerCase(),
        unit_amount: cents,
        product_data: { name },
      },
    })),
    expires_at: holdEnds + shortestSessionSeconds,
    // The order page then shows that a payment is on its way, and asks for none.
    success_url: `${request.orderUrl}?returned=1`,
    cancel_url: request.orderUrl,
    ...(customerEmail !== null && { customer_email: customerEmail }),
  };
}

/** What the payment page lists: the products, a delivery that costs something, and an added tax. */
function pricedItems({ lines, delivery, addedTax }: SessionRequest) {
  const items = lines.map(({ product, qty, unitPriceCents }) => ({
    name: product,
    cents: unitPriceCents,
    quantity: qty,
  }));
  const others = [delivery, addedTax].filter((other) => other && other.cents > 0);
  return [
    ...items,
    ...others.map((other) => ({ name: other?.name ?? '', cents: other?.cents ?? 0, quantity: 1 })),
  ];
}

/**
 * The discount of an order as a coupon of its own, which the payment page shows. Stripe takes no negative items. The coupon can be used
 * once and has the number of its order, so that a repeated call finds it.
 */
async function discountOf(
  stripe: Stripe,
  { orderId, discountCents = 0, currency, correlationToken }: SessionRequest,
  idempotencyKey: string,
): Promise<{ discounts?: Stripe.Checkout.SessionCreateParams.Discount[] }> {
  if (discountCents === 0) return {};
  const coupon = await stripe.coupons.create(
    {
      amount_off: discountCents,
      currency: currency.toLowerCase(),
      duration: 'once',
      max_redemptions: 1,
      name: 'Discount',
      metadata: { order_id: String(orderId), correlation_token: correlationToken },
    },
    { idempotencyKey: `${idempotencyKey}_discount` },
  );
  return { discounts: [{ coupon: coupon.id }] };
}

/** The address as the provider stores it with the payment. Its checks against fraud read it. */
function shippingOf(address: PostalAddress | null | undefined): {
  shipping?: Stripe.Checkout.SessionCreateParams.PaymentIntentData.Shipping;
} {
  if (!address) return {};
  const { name, line1, line2, postalCode, city, region, country, phone } = address;
  return {
    shipping: {
      name,
      ...(phone !== null && { phone }),
      address: {
        line1,
        city,
        country,
        ...(line2 !== null && { line2 }),
        ...(postalCode !== null && { postal_code: postalCode }),
        ...(region !== null && { state: region }),
      },
    },
  };
}

/** @throws when it is not the session of the request: no shopper may be sent there */
function sessionOf(
  session: Stripe.Checkout.Session,
  { orderId, totalCents, currency }: SessionRequest,
): PaymentSession {
  const fits =
    session.client_reference_id === String(orderId) &&
    session.amount_total === totalCents &&
    session.currency?.toUpperCase() === currency;
  if (!fits) throw new Error(`Session ${session.id} is not the one of order ${orderId}.`);
  if (!session.id || !session.url) throw new Error(`The provider gave session ${session.id} no page.`);
  return { sessionId: session.id, url: session.url };
}

/** The session of an order that was opened although its answer was a failure. */
async function findSession(
  stripe: Stripe,
  { orderId, correlationToken }: SessionRequest,
): Promise<Stripe.Checkout.Session | undefined> {
  let searched = 0;
  for await (const session of stripe.checkout.sessions.list({ limit: pageSize })) {
    const matches =
      session.client_reference_id === String(orderId) &&
      session.metadata?.['correlation_token'] === correlationToken;
    if (matches && session.status !== 'expired') return session;
    searched += 1;
    if (searched === sessionsToSearch) return undefined;
  }
  return undefined;
}

/**
 * Makes sure that a session can no longer be paid.
 * @throws while that is not sure, and when another amount or currency was paid
 */
export async function endSession(stripe: Stripe, known: RecordedSession): Promise<EndedSession> {
  const session = await stripe.checkout.sessions.retrieve(known.sessionId, {
    expand: ['payment_intent.latest_charge'],
  });
  const ended = endOf(session, known);
  if (ended) return ended;
  if (session.status === 'complete') throw new Error(`Session ${known.sessionId} is being paid.`);
  // Stripe refuses to expire a session that is no longer open. The next attempt then reads how it ended.
  const expired = endOf(await stripe.checkout.sessions.expire(known.sessionId), known);
  if (!expired) throw new Error(`Session ${known.sessionId} is still open.`);
  return expired;
}

/** The end of a session; undefined while it can be paid. After a failed bank transfer it stays `complete`, and is not payable. */
function endOf(session: Stripe.Checkout.Session, known: RecordedSession): EndedSession | undefined {
  if (session.id !== known.sessionId) throw new Error(`Asked for ${known.sessionId}, got ${session.id}.`);
  if (session.payment_status !== 'paid') {
    return session.status === 'expired' || hasFailed(session) ? { outcome: 'ended' } : undefined;
  }
  if (session.amount_total !== known.amountCents || session.currency?.toUpperCase() !== known.currency) {
    throw new Error(
      `Session ${session.id} was paid with ${session.amount_total} ${session.currency}, not as ordered.`,
    );
  }
  const transactionId = transactionOf(session.payment_intent);
  if (transactionId === null) throw new Error(`Paid session ${session.id} names no payment.`);
  return { outcome: 'paid', transactionId, refundEvent: refundEventOf(session) };
}

/** The event that would have reported a refund from before we knew of the payment; null when nothing was paid back. */
function refundEventOf({ id, created, livemode, payment_intent: intent }: Stripe.Checkout.Session): unknown {
  const charge = intent && typeof intent === 'object' ? intent.latest_charge : null;
  if (!charge || typeof charge === 'string' || charge.amount_refunded === 0) return null;
  const event = { id: `asked-${id}`, type: 'charge.refunded', created, livemode, data: { object: charge } };
  // A step records it: without the buyer's name and address, which the charge has.
  return readEvent(event)?.body ?? null;
}

function hasFailed({ status, payment_intent: intent }: Stripe.Checkout.Session): boolean {
  const intentStatus = intent && typeof intent === 'object' ? intent.status : undefined;
  return status === 'complete' && (intentStatus === 'requires_payment_method' || intentStatus === 'canceled');
}

/** Lists the sessions created since a time, newest first. */
export async function* listSessions(stripe: Stripe, since: Date): AsyncGenerator<ListedSession> {
  const sessions = stripe.checkout.sessions.list({ ...createdSince(since), limit: pageSize });
  for await (const session of sessions) {
    yield {
      sessionId: session.id,
      orderId: ourNumber(session.client_reference_id),
      correlationToken: session.metadata?.['correlation_token'] ?? null,
      returnUrl: session.success_url,
      status: statusOf(session),
      createdAt: new Date(session.created * 1000),
      paidEvent: paidEventOf(session),
    };
  }
}

function statusOf({ status }: Stripe.Checkout.Session): ListedSession['status'] {
  if (status === 'complete') return 'complete';
  return status === 'expired' ? 'expired' : 'open';
}

/** The event that would have reported the payment of a listed session; null for a session that is not paid. */
function paidEventOf(session: Stripe.Checkout.Session): unknown {
  if (session.payment_status !== 'paid') return null;
  const { id, created, livemode } = session;
  const type = 'checkout.session.completed';
  return { id: `compared-${id}`, type, created, livemode, data: { object: session } };
}

/** Lists Stripe's own record of events since a time, newest first. */
export function listEvents(stripe: Stripe, since: Date): AsyncIterable<unknown> {
  return stripe.events.list({ ...createdSince(since), limit: pageSize });
}
