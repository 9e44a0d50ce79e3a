import type { CancelReason, OrderStatus } from '../../domain/order.ts';
import type { Statement } from '../../shared/statement.ts';
import type { PlacedOrder, PlacedOutcome } from './place-order.ts';

interface FoundOrder extends PlacedOrder {
  readonly samePlacement: boolean;
  readonly status: OrderStatus;
  readonly reason: CancelReason | null;
  readonly hasPayment: boolean;
}

/**
 * What has become of a checkout key that is used already: what this request has placed or recorded before it was interrupted, or
 * that the key is another's.
 */
export async function findExistingOrder(
  sql: Statement,
  { checkoutKey, requestId }: { readonly checkoutKey: string; readonly requestId: string },
): Promise<PlacedOutcome> {
  const [found] = await sql<FoundOrder>(
    `select order_id, token, email, total_cents, currency, status, reason,
       cast(round(extract(epoch from hold_expires_at) * 1000) as double precision) as hold_expires_at,
       request_id = :requestId as is_ours,
       exists (select from payments where payments.order_id = orders.order_id) as has_payment,
       (select json_agg(json_build_object(
          'sku', sku, 'product', product, 'qty', quantity, 'unitPriceCents', unit_price_cents
        ) order by sku)
        from order_lines join products using (product_id) where order_lines.order_id = orders.order_id) as lines
     from orders where checkout_key = :checkoutKey`,
    { checkoutKey, requestId },
  );
  if (!found?.samePlacement) return { outcome: 'exists' };
  const { samePlacement: _, status, reason, hasPayment, ...order } = found;
  if (status !== 'cancelled' || reason === null) return { outcome: 'placed', order };
  // Another process has gone on with it, and has given it up.
  return hasPayment ? { outcome: 'exists' } : { outcome: 'refused', reason };
}
