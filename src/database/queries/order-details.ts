import type { ReturnRequestCode } from '../../domain/attention.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import {
  type HistoryEntry,
  isCollectedSql,
  type OrderLine,
  type OrderWithItems,
  type OrderWithPayment,
} from './orders.ts';
import { type Shipment, type ShipmentJson, shipmentsOf, shipmentsSql } from './shipments.ts';

/** An order as its page shows it. */
export type ShownOrder = OrderWithPayment & Pick<OrderWithItems, 'isCollected'>;

/** Everything about one order at one moment. */
export interface OrderDetails {
  readonly order: ShownOrder;
  /** In SKU order. */
  readonly lines: readonly OrderLine[];
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
  /** The provider's number of the payment; null while it has none. */
  readonly transactionId: string | null;
  /** Those that an operator shipped, oldest first. */
  readonly shipments: readonly Shipment[];
  /** The buyer's last request to cancel or to return the paid order; null when there was none. */
  readonly returnRequest: ReturnRequest | null;
}

/** A buyer's request to cancel a paid order, or to return it. */
export interface ReturnRequest {
  readonly code: ReturnRequestCode;
  readonly isOpen: boolean;
  /** The operator's words; null when a refund was the answer. */
  readonly answer: string | null;
}

interface DetailsRow extends ShownOrder {
  readonly transactionId: string | null;
  readonly lines: OrderLine[] | null;
  readonly history: (Omit<HistoryEntry, 'at'> & { readonly at: string })[] | null;
  readonly shipments: ShipmentJson[] | null;
  readonly returnRequest: ReturnRequest | null;
}

/** Reads one order by its number or by its address. */
export async function readOrderDetails(
  database: Database,
  which: { readonly orderId: number } | { readonly token: string },
): Promise<OrderDetails | undefined> {
  const [column, value] = 'token' in which ? ['token', which.token] : ['order_id', which.orderId];
  const [row] = await statementsOf(database)<DetailsRow>(`${details} where orders.${column} = :value`, {
    value,
  });
  if (!row) return undefined;
  const { lines, history, transactionId, shipments, returnRequest, ...order } = row;
  return {
    order,
    transactionId,
    lines: lines ?? [],
    history: (history ?? []).map((entry) => ({ ...entry, at: new Date(entry.at) })),
    shipments: shipmentsOf(shipments),
    returnRequest,
  };
}

// Each half has an index.
const requests = `select attention_id, reason, resolved_at, note from attention
  where kind = 'return_asked' and subject = cast(orders.order_id as text)`;

// One statement, so that order and history are of the same moment.
const details = `
  select orders.*, payments.state as payment_state, session_id, payments.url as payment_url, refunded_cents,
    transaction_id, ${isCollectedSql()} as is_collected,
    (select json_agg(json_build_object(
       'sku', sku, 'product', product, 'image', image, 'quantity', quantity, 'unitPriceCents', unit_price_cents,
       'discountCents', order_lines.discount_cents, 'taxCents', order_lines.tax_cents, 'taxRate', tax_rate
     ) order by sku)
     from order_lines join products using (product_id) where order_lines.order_id = orders.order_id) as lines,
    (select json_agg(json_build_object(
       'historyId', cast(history_id as text), 'at', at, 'what', what, 'detail', detail
     ) order by history_id)
     from order_history where order_history.order_id = orders.order_id) as history,
    ${shipmentsSql} as shipments,
    (select json_build_object('code', reason, 'isOpen', resolved_at is null, 'answer', note) from (
        ${requests} and resolved_at is null union all ${requests} and resolved_at is not null
      ) as request order by attention_id desc limit 1) as return_request
  from orders left join payments on payments.order_id = orders.order_id`;
