import {
  type Charge,
  type Coupon,
  type Decline,
  type Dispute,
  type Refund,
  type Session,
  unixSeconds,
} from './model.ts';

// Objects as Stripe's API and its events show them.

/** Whether the customer's money was taken. */
export function paymentStatus({ payment }: Session): 'paid' | 'unpaid' {
  return payment === 'paid' ? 'paid' : 'unpaid';
}

/** A session. `intent` replaces the identifier of its payment intent when the caller expands it. */
export function checkoutSessionObject(session: Session, publicUrl: string, intent?: object) {
  return {
    id: session.id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    amount_subtotal: session.amountTotal + session.amountDiscount,
    amount_total: session.amountTotal,
    cancel_url: session.cancelUrl,
    client_reference_id: session.clientReferenceId,
    created: unixSeconds(session.createdAt),
    currency: session.currency,
    discounts: session.coupon === null ? [] : [{ coupon: session.coupon, promotion_code: null }],
    customer_details: session.customerEmail === null ? null : { email: session.customerEmail },
    customer_email: session.customerEmail,
    expires_at: unixSeconds(session.expiresAt),
    livemode: false,
    metadata: session.metadata,
    mode: 'payment',
    payment_intent: intent ?? session.paymentIntent,
    payment_method_types: ['card'],
    payment_status: paymentStatus(session),
    status: session.status,
    success_url: session.successUrl,
    total_details: { amount_discount: session.amountDiscount, amount_shipping: 0, amount_tax: 0 },
    url: session.status === 'open' ? `${publicUrl}/pay/${session.id}` : null,
  };
}

/** A coupon with the number of payments that used it. */
export function couponObject(coupon: Coupon) {
  return {
    id: coupon.id,
    object: 'coupon',
    amount_off: coupon.amountOff,
    created: unixSeconds(coupon.createdAt),
    currency: coupon.currency,
    duration: 'once',
    livemode: false,
    max_redemptions: coupon.maxRedemptions,
    metadata: coupon.metadata,
    name: coupon.name,
    percent_off: null,
    redeem_by: null,
    times_redeemed: coupon.timesRedeemed,
    valid: coupon.maxRedemptions === null || coupon.timesRedeemed < coupon.maxRedemptions,
  };
}

/** The payment intent of a session. It shows its charge by identifier, or as an object with `expandCharge`. */
export function paymentIntentObject(session: Session, charge: Charge | undefined, expandCharge = false) {
  const latestCharge = charge && (expandCharge ? chargeObject(charge) : charge.id);
  return {
    id: session.paymentIntent,
    object: 'payment_intent',
    amount: session.amountTotal,
    amount_received: charge?.amount ?? 0,
    created: unixSeconds(session.createdAt),
    currency: session.currency,
    last_payment_error: session.lastDecline && lastPaymentError(session.lastDecline),
    latest_charge: latestCharge ?? null,
    livemode: false,
    metadata: session.intentMetadata,
    payment_method_types: ['card'],
    shipping: session.shipping,
    status: intentStatus(session),
  };
}

function intentStatus({ payment, status }: Session): string {
  if (payment === 'paid') return 'succeeded';
  if (payment === 'processing') return 'processing';
  return status === 'expired' ? 'canceled' : 'requires_payment_method';
}

const declineMessages: Readonly<Record<Decline, string>> = {
  generic_decline: 'Your card was declined.',
  insufficient_funds: 'Your card has insufficient funds.',
  authentication_required: 'Your bank could not confirm that it is you.',
};

function lastPaymentError(decline: Decline): object {
  return {
    type: 'card_error',
    code: decline === 'authentication_required' ? decline : 'card_declined',
    decline_code: decline,
    message: declineMessages[decline],
  };
}

/** A charge with the sum that was refunded so far. */
export function chargeObject(charge: Charge) {
  return {
    id: charge.id,
    object: 'charge',
    amount: charge.amount,
    amount_captured: charge.amount,
    amount_refunded: charge.amountRefunded,
    captured: true,
    created: unixSeconds(charge.createdAt),
    currency: charge.currency,
    disputed: charge.disputed,
    livemode: false,
    metadata: charge.metadata,
    paid: true,
    payment_intent: charge.paymentIntent,
    refunded: charge.amountRefunded === charge.amount,
    status: 'succeeded',
  };
}

/** A refund. It succeeds at once. */
export function refundObject(refund: Refund) {
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    charge: refund.chargeId,
    created: unixSeconds(refund.createdAt),
    currency: refund.currency,
    metadata: refund.metadata,
    payment_intent: refund.paymentIntent,
    reason: refund.reason,
    status: 'succeeded',
  };
}

/** A dispute of the whole charge. */
export function disputeObject(dispute: Dispute, charge: Charge) {
  return {
    id: dispute.id,
    object: 'dispute',
    amount: dispute.amount,
    charge: charge.id,
    created: unixSeconds(dispute.createdAt),
    currency: charge.currency,
    livemode: false,
    metadata: {},
    payment_intent: charge.paymentIntent,
    reason: 'fraudulent',
    status: 'needs_response',
  };
}
