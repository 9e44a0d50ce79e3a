import type { RefundableLine, RefundableOrder } from '../../domain/refund.ts';
import type { Statement } from '../../shared/statement.ts';

/** An order of which lines are refunded, as the operator's page shows it too. */
export interface RefundableDetails extends RefundableOrder {
  readonly currency: string;
  readonly isSettled: boolean;
  /** What is left of the payment, in minor units. */
  readonly leftCents: number;
  readonly lines: readonly (RefundableLine & { readonly product: string })[];
}

/** Reads what was paid for the lines of an order and for its delivery, and what was refunded of them. */
export async function readRefundable(
  sql: Statement,
  orderId: number,
): Promise<RefundableDetails | undefined> {
  const [order] = await sql<RefundableDetails>(
    `select orders.currency, state = 'settled' as is_settled, amount_cents - refunded_cents as left_cents,
       delivery_cents + case when tax_included then 0 else delivery_tax_cents end as delivery_cents, delivery_tax_cents,
       exists (select from refunds where refunds.order_id = orders.order_id and refunds.for_delivery_cents > 0) as delivery_refunded,
       (select json_agg(json_build_object(
          'productId', product_id, 'sku', sku, 'product', product, 'quantity', quantity, 'shipped', shipped, 'stopped', stopped,
          'taxCents', order_lines.tax_cents,
          'paidCents', cast(quantity as bigint) * unit_price_cents - discount_cents
            + case when tax_included then 0 else order_lines.tax_cents end,
          'refunded', (
            select coalesce(sum(refund_lines.quantity), 0) from refund_lines join refunds using (refund_id)
            where refunds.order_id = orders.order_id and refund_lines.product_id = order_lines.product_id
          )
        ) order by sku)
        from order_lines join products using (product_id) where order_lines.order_id = orders.order_id) as lines
     from orders join payments using (order_id) where order_id = :orderId`,
    { orderId },
  );
  return order;
}
