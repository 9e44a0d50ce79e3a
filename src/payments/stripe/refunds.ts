import Stripe from 'stripe';
import type { MadeRefund, RefundRequest, Refused, TooLittleLeft } from '../provider.ts';
import { ourNumber } from './events.ts';
import type { FreshKeys } from './idempotency.ts';
import { createdSince, pageSize } from './lists.ts';

type Answer = MadeRefund | Refused | TooLittleLeft;

/** Refunds a part of a charge, once for any number of calls. @throws when the outcome is unknown, or refused */
export async function refund(stripe: Stripe, keys: FreshKeys, order: RefundRequest): Promise<Answer> {
  // Stripe may forget a key after a day (docs "Idempotent requests"), so search for an earlier refund first.
  const made = await findRefund(stripe, order);
  if (made) return made;
  // The key contains the amount, because a refund that is too large is requested again with less.
  return keys.use<Answer>(`refund_${order.refundId}_${order.amountCents}`, {
    call: (idempotencyKey) => createRefund(stripe, order, idempotencyKey),
    find: () => findRefund(stripe, order),
  });
}

async function createRefund(stripe: Stripe, order: RefundRequest, idempotencyKey: string): Promise<Answer> {
  try {
    const made = await stripe.refunds.create(
      {
        payment_intent: order.transactionId,
        amount: order.amountCents,
        metadata: { refund_id: String(order.refundId), order_id: String(order.orderId) },
      },
      { idempotencyKey },
    );
    return madeRefund(made, order);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return (await findRefund(stripe, order)) ?? readRest(stripe, order, error);
  }
}

/** @throws when it is not the refund of the request */
function madeRefund(made: Stripe.Refund, { refundId, amountCents }: RefundRequest): MadeRefund | Refused {
  if (!made.id || made.amount !== amountCents) throw new Error(`${made.id} is not refund ${refundId}.`);
  if (isEffective(made)) return { providerRefundId: made.id };
  return { refused: `the refund ${made.id} ${made.status}: ${made.failure_reason ?? 'no reason given'}` };
}

/** Whether the money was refunded, or is on its way. */
function isEffective({ status }: Stripe.Refund): boolean {
  return status !== 'failed' && status !== 'canceled';
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return false;
  return error.code === 'charge_already_refunded' || error.param === 'amount';
}

/** Reads what external refunds have left of the charge: nothing, so that ours is not needed, or a part. */
async function readRest(stripe: Stripe, order: RefundRequest, error: unknown): Promise<Answer> {
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(order.transactionId, {
    expand: ['latest_charge'],
  });
  if (!charge || typeof charge === 'string') throw new Error(`${order.transactionId} shows no charge.`);
  const leftCents = charge.amount - charge.amount_refunded;
  if (leftCents === 0) return { providerRefundId: null };
  if (leftCents < order.amountCents) return { leftCents };
  throw error;
}

/** Finds the refund that was made under a refund id, and is not cancelled. */
export async function findRefund(stripe: Stripe, order: RefundRequest): Promise<MadeRefund | undefined> {
  for await (const made of stripe.refunds.list({ payment_intent: order.transactionId, limit: pageSize })) {
    const isIt = made.metadata?.['refund_id'] === String(order.refundId) && isEffective(made);
    if (isIt) return { providerRefundId: made.id };
  }
  return undefined;
}

/** The refund ids of the refunds made since a time, newest first; null for a refund without one. */
export async function* listRefundIds(stripe: Stripe, since: Date): AsyncGenerator<number | null> {
  const refunds = stripe.refunds.list({ ...createdSince(since), limit: pageSize });
  for await (const { metadata } of refunds) {
    yield ourNumber(metadata?.['refund_id']);
  }
}
