import { type Answer, ask, type OpenShop } from './orders.ts';
import { waitFor } from './wait.ts';

export const operatorToken = 'operator-9c41f7d02be85a36';
export const authorized = { authorization: `Bearer ${operatorToken}` };

/** Requests a refund as an operator: the rest of the payment, unless `body` has an amount. */
export function refund(
  shop: OpenShop,
  { order_id: orderId }: { readonly order_id: number },
  body: object = {},
  headers: Readonly<Record<string, string>> = authorized,
): Promise<Answer> {
  return ask(`${shop.shopUrl}/order/${orderId}/refund`, { reason: 'came broken', ...body }, { headers });
}

/** Waits until no refund is due any more. */
export async function everyRefundMade(shop: OpenShop): Promise<void> {
  await waitFor(
    'every refund to be made',
    () => shop.database('refunds').where({ state: 'due' }),
    (due) => due.length === 0,
  );
}

/** Waits for the event with this refunded total of an order. @returns the event's id */
export async function newsOf(
  shop: OpenShop,
  { order_id: orderId }: { readonly order_id: number },
  refunded: number,
): Promise<string> {
  const event = await waitFor(
    `the news of ${refunded}`,
    () =>
      shop
        .database('payment_events')
        .where({ order_id: orderId, type: 'charge.refunded' })
        .whereRaw(`body #>> '{data,object,amount_refunded}' = ?`, [String(refunded)])
        .first<{ event_id: string }>('event_id'),
    (found) => found !== undefined,
  );
  return event?.event_id ?? '';
}
