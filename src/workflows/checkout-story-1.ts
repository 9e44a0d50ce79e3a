import { DBOS } from '@dbos-inc/dbos-sdk';
import { transaction } from '../database/transaction.ts';
import { type PlacingRequest, placeOrder } from '../database/transactions/orders.ts';
import { recordSession } from '../database/transactions/payments.ts';
import { type OpenedCheckout, type OpeningSettings, persistently } from './open-checkout.ts';
import { orPark, parked } from './park.ts';

// The steps of the first story, for the orders in flight that began with them (decision 13). They go when no checkout without a
// story number is in flight anywhere: the day after the longest hold.

const placeByStep = transaction('placeOrder', placeOrder);
const recordByStep = transaction(
  'recordSession',
  async (sql, session: { orderId: number; sessionId: string; url: string }): Promise<void> => {
    await recordSession(sql, session);
  },
);

/** Steps 1 to 3 of the checkout story, a durable step each. */
export async function openByStory1(
  settings: OpeningSettings,
  placing: PlacingRequest,
): Promise<OpenedCheckout> {
  const placed = await placeByStep(placing);
  if (placed.outcome !== 'placed') {
    settings.answers.say(placing.order.checkoutKey);
    await answerByEvent(placing);
    return { outcome: 'not_placed' };
  }
  const { order } = placed;
  const session = await DBOS.runStep(() => persistently(settings, (openSession) => openSession(order)), {
    name: 'openPaymentSession',
  });
  if ('refused' in session) return { outcome: 'opened', order, session };
  const { orderId } = order;
  const matter = { kind: 'checkout_failed', subject: String(orderId), orderId } as const;
  const recorded = await orPark(matter, () => recordByStep({ orderId, ...session }));
  if (recorded === parked) return { outcome: 'parked' };
  settings.answers.say(placing.order.checkoutKey);
  await answerByEvent(placing);
  return { outcome: 'opened', order, session };
}

/** The event by which a request was told, in whatever process it waited. */
export function answerByEvent({ requestId }: PlacingRequest): Promise<void> {
  return DBOS.setEvent('checkout-answered', requestId);
}
