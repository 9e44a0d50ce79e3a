import { createHash } from 'node:crypto';
import { type Blocker, blockerOf } from './limits.ts';
import { currencyOf, type Item, orderTotal } from './order.ts';

/** A request for this many units of a product in a cart, or for this many more. */
export interface CartRequest {
  readonly browserId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** One product in a cart, with the quantity and price at its last change, and today's stock and price. Amounts are minor units. */
export interface CartLine {
  readonly sku: string;
  readonly product: string;
  readonly image: string;
  readonly wanted: number;
  /** Units that this cart may still order; those that its own pending order holds are among them. */
  readonly available: number;
  readonly seenPriceCents: number;
  readonly unitPriceCents: number;
  readonly currency: string;
  readonly weightGrams: number;
  readonly taxClass: string;
  /** Units that other orders of the same browser hold. */
  readonly heldByOtherOrders: number;
}

/** A line with the quantity that can be ordered now. */
export interface CheckedLine extends CartLine {
  /** At most the available units; 0 when it is sold out. */
  readonly qty: number;
}

/** A cart against today's stock and prices. */
export interface CheckedCart {
  readonly lines: readonly CheckedLine[];
  /** The items that a checkout would order. */
  readonly items: readonly Item[];
  readonly totalCents: number;
  readonly currency: string;
  /** A hash of the units and prices that a checkout would order, as the review shows them. */
  readonly reviewFingerprint: string;
  /** Why it cannot be ordered; null when it can. */
  readonly blocker: Blocker | null;
}

/** Checks a cart against stock and prices. The wanted quantities stay, and can be ordered once there is enough again. */
export function checkCart(lines: readonly CartLine[]): CheckedCart {
  const checked = lines.map((line) => ({ ...line, qty: Math.max(0, Math.min(line.wanted, line.available)) }));
  const ordered = checked.filter(({ qty }) => qty > 0);
  return {
    lines: checked,
    items: ordered.map(({ sku, qty }) => ({ sku, qty })),
    totalCents: orderTotal(ordered),
    currency: currencyOf(lines),
    reviewFingerprint: fingerprintOf(ordered),
    blocker: blockerOf(ordered),
  };
}

function fingerprintOf(lines: readonly CheckedLine[]): string {
  const seen = lines.map(({ sku, qty, unitPriceCents, currency, weightGrams }) => [
    sku,
    qty,
    unitPriceCents,
    currency,
    weightGrams,
  ]);
  return createHash('sha256').update(JSON.stringify(seen)).digest('base64url');
}
