import type { KnownPayment } from './payment.ts';

/** Units of a product in a parcel, or in a request for one. */
export interface ShippedItem {
  readonly productId: number;
  readonly quantity: number;
}

/** A parcel that an operator has handed over; under one request key there is one. */
export interface ShipmentRequest {
  readonly orderId: number;
  /** Undefined is everything that is left to ship. */
  readonly items: readonly ShippedItem[] | undefined;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  /** Where the buyer can follow the parcel: an address of http or https. */
  readonly link: string | null;
  readonly actor: string;
  readonly requestKey: string;
}

/** How many units of a line have left the shop, and how many never will, because they were refunded before. */
export interface LineProgress extends ShippedItem {
  readonly shipped: number;
  readonly stopped: number;
}

/** Units of a line that are left to ship. */
export function leftToShip({ quantity, shipped, stopped }: Omit<LineProgress, 'productId'>): number {
  return quantity - shipped - stopped;
}

/** Units of a product that are left to ship. */
export interface LeftItem {
  readonly productId: number;
  readonly left: number;
}

/**
 * Why a parcel was not recorded. `event_waiting`: the provider has reported something about the payment that is applied first, because it
 * may be a refund.
 */
export type ShipmentRefusal = 'not_shippable' | 'already_shipped' | 'event_waiting' | 'shipment_too_large';

export interface RefusedShipment {
  readonly refused: ShipmentRefusal | 'unknown_order' | 'key_reused';
  /** The products that were asked for in too large a number. */
  readonly lines: readonly LeftItem[];
}

/**
 * Decides what a parcel contains. Only an order whose payment is settled is shipped, and of each line at most the units that are neither
 * shipped nor stopped.
 * @returns the items of the parcel, or the reason for the refusal
 */
export function decideShipment(
  items: readonly ShippedItem[] | undefined,
  { orderStatus, state }: Pick<KnownPayment, 'orderStatus' | 'state'>,
  lines: readonly LineProgress[],
  hasDeferredEvent: boolean,
): readonly ShippedItem[] | RefusedShipment {
  if (orderStatus === 'dispatched' && state === 'settled') return { refused: 'already_shipped', lines: [] };
  if (orderStatus !== 'paid' || state !== 'settled') return { refused: 'not_shippable', lines: [] };
  if (hasDeferredEvent) return { refused: 'event_waiting', lines: [] };
  const left = lines.map((line) => ({ productId: line.productId, left: leftToShip(line) }));
  const wanted = items
    ? mergeShipped(items)
    : left.map(({ productId, left: quantity }) => ({ productId, quantity }));
  const leftOf = (id: number) => left.find(({ productId }) => productId === id)?.left ?? 0;
  const tooLarge = wanted.filter(({ productId, quantity }) => quantity > leftOf(productId));
  if (tooLarge.length > 0) {
    const lines = tooLarge.map(({ productId }) => ({ productId, left: leftOf(productId) }));
    return { refused: 'shipment_too_large', lines };
  }
  return wanted.filter(({ quantity }) => quantity > 0);
}

/** Adds up items of the same product. */
function mergeShipped(items: readonly ShippedItem[]): ShippedItem[] {
  const quantities = new Map<number, number>();
  for (const { productId, quantity } of items) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

const dayMs = 86_400_000;
const isWeekend = (at: Date) => at.getUTCDay() % 6 === 0;

/**
 * The end of a number of working days, Monday to Friday, after a moment, at the same time of day in UTC. None: the moment itself, or on a
 * weekend the Monday after it. Holidays are not known.
 */
export function workingDaysAfter(from: Date, days: number): Date {
  let at = from;
  for (let left = days; left > 0 || isWeekend(at); ) {
    at = new Date(at.getTime() + dayMs);
    if (!isWeekend(at)) left -= 1;
  }
  return at;
}

/** The days between which an order arrives that leaves the shop at a moment; null where its delivery names none. */
export function arrivalOf(
  leavesAt: Date,
  daysFrom: number | null,
  daysTo: number | null,
): { readonly from: Date; readonly to: Date } | null {
  if (daysFrom === null || daysTo === null) return null;
  return { from: workingDaysAfter(leavesAt, daysFrom), to: workingDaysAfter(leavesAt, daysTo) };
}
