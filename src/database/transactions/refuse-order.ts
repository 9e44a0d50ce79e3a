import { randomBytes } from 'node:crypto';
import type { Quote } from '../../domain/amounts.ts';
import type { DiscountFault } from '../../domain/discount.ts';
import type { ExceededLimit } from '../../domain/limits.ts';
import {
  buyerDetailsOf,
  type CancelReason,
  currencyOf,
  orderTotal,
  type Placement,
  type StockLine,
} from '../../domain/order.ts';
import type { PostalAddress } from '../../domain/postal-address.ts';
import type { Statement } from '../../shared/statement.ts';
import { buyerBindings, buyerColumns } from '../tables.ts';

/** A requested line as it was read: the available units, and how many its client may hold more; null without a limit. */
export interface ReadLine extends StockLine {
  readonly atMost?: number | null;
}

/** What is known about an order that is not placed. */
export interface Refused {
  readonly lines: readonly ReadLine[];
  /** The limit of its client that it would exceed. */
  readonly exceeded: ExceededLimit | null;
  /** Why its code could not be used any more when it was to be placed. */
  readonly codeFault: DiscountFault | null;
  readonly quote: Quote;
  /** That in the input of its workflow, so that both are erased together; null where it has none. */
  readonly address: PostalAddress | null;
  /** Why it did not take the place of another order; missing when there was none, or when that was not the reason. */
  readonly notChanged?: 'changed_order_paid' | 'change_unavailable';
}

/**
 * Records an order that is not placed, with the available units of its products, unless its key is used already. It has no delivery.
 * @returns the reason, when it was recorded
 */
export async function refuseOrder(
  sql: Statement,
  { order, requestId }: Placement,
  refused: Refused,
): Promise<CancelReason | undefined> {
  const { lines } = refused;
  const refusal = refusalOf(order.shownCents, refused);
  const { items: _, delivery: __, discountCode: ___, ...columns } = order;
  const recorded = await sql(
    `with line as (
       select product_id, quantity, unit_price_cents from json_to_recordset(cast(:lines as json))
         as line (product_id integer, quantity integer, unit_price_cents integer)
     ), refused as (
       insert into orders (checkout_key, request_hash, token, browser_id, request_id, status, reason, subtotal_cents, total_cents, currency,
                           address, hold_expires_at, cancelled_at, ${buyerColumns})
       values (:checkoutKey, :requestHash, :token, :browserId, :requestId, 'cancelled', :reason, :total, :total, :currency,
               cast(:address as jsonb), now(), now(), ${buyerBindings})
       on conflict (checkout_key) do nothing
       returning order_id
     ), lines as (
       insert into order_lines (order_id, product_id, quantity, unit_price_cents)
       select order_id, product_id, quantity, unit_price_cents from refused cross join line
     )
     insert into order_history (order_id, what, detail)
     select order_id, 'cancelled', cast(:detail as jsonb) from refused returning order_id`,
    {
      ...columns,
      ...buyerDetailsOf(order),
      requestId,
      token: newOrderToken(),
      address: refused.address && JSON.stringify(refused.address),
      lines: JSON.stringify(
        lines.map((line) => ({
          product_id: line.productId,
          quantity: line.qty,
          unit_price_cents: line.unitPriceCents,
        })),
      ),
      total: orderTotal(lines),
      currency: currencyOf(lines),
      reason: refusal.reason,
      detail: JSON.stringify(refusal),
    },
  );
  return recorded.length === 1 ? refusal.reason : undefined;
}

/** The reason why an order is not placed, with the details for its shopper. */
function refusalOf(shownCents: number | null, refused: Refused) {
  const { lines, exceeded, codeFault, quote, notChanged } = refused;
  if (notChanged) return { reason: notChanged };
  const short = lines.filter((line) => line.available < line.qty);
  if (short.length > 0) {
    const missing = short.map(({ sku, qty, available }) => ({ sku, wanted: qty, available }));
    return { reason: 'out_of_stock', lines: missing } as const;
  }
  const { delivery, discount, amounts } = quote;
  if (typeof delivery === 'string') return { reason: 'delivery_unavailable', fault: delivery } as const;
  const fault = typeof discount === 'string' ? discount : codeFault;
  if (fault !== null) return { reason: 'code_unavailable', fault } as const;
  // Also of a total that has become more than one payment can be.
  const total = amounts?.totalCents ?? orderTotal(lines);
  if (exceeded === null || (shownCents ?? total) !== total) {
    return { reason: 'price_changed', shown: shownCents, total } as const;
  }
  if (exceeded !== 'share') return { reason: 'hold_limit', limit: exceeded } as const;
  const unfair = lines.flatMap(({ sku, product, qty, atMost }) =>
    typeof atMost === 'number' && qty > atMost
      ? [{ sku, product, wanted: qty, at_most: Math.max(0, atMost) }]
      : [],
  );
  return { reason: 'hold_limit', limit: exceeded, lines: unfair } as const;
}

const bytesOfToken = 16;

/** A new unguessable part of an order's address. */
export function newOrderToken(): string {
  return randomBytes(bytesOfToken).toString('base64url');
}
