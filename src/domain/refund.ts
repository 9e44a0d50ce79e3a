import { minorUnitsOf } from '../shared/currencies.ts';
import { refundOfUnits } from './amounts.ts';
import { type Item, mergeItems, type OrderStatus } from './order.ts';
import type { KnownPayment } from './payment.ts';
import { roundedShare } from './rounding.ts';
import { leftToShip, type ShippedItem } from './shipment.ts';

/** Units of a product that are refunded. */
export interface RefundItem extends Item {
  /** Whether shipped units are meant, or only those that are not. Undefined is the latter first, and shipped ones when they are fewer. */
  readonly shipped?: boolean | undefined;
}

/** The amount and the units that an operator asks to take back. */
export interface RefundTerms {
  /** In minor units; undefined is all that is left. */
  readonly amountCents: number | undefined;
  /** Whether the units go back into stock; undefined is yes as long as they were not dispatched. */
  readonly restock: boolean | undefined;
  /** The units that are refunded, instead of an amount. */
  readonly lines?: readonly RefundItem[] | undefined;
  /** Whether the delivery is refunded with them. */
  readonly delivery?: boolean | undefined;
}

/** An order of which lines are refunded, with what was refunded of them before. Amounts in minor units. */
export interface RefundableOrder {
  readonly lines: readonly RefundableLine[];
  /** What was paid for the delivery, with an added tax. */
  readonly deliveryCents: number;
  readonly deliveryTaxCents: number;
  readonly deliveryRefunded: boolean;
}

export interface RefundableLine {
  readonly productId: number;
  readonly sku: string;
  readonly quantity: number;
  readonly shipped: number;
  readonly stopped: number;
  readonly refunded: number;
  /** For the whole line, without its discount and with an added tax. */
  readonly paidCents: number;
  readonly taxCents: number;
}

/** The parts of a refund by lines. */
export interface RefundParts {
  readonly amountCents: number;
  readonly lines: readonly RefundedLine[];
  readonly deliveryCents: number;
  readonly deliveryTaxCents: number;
}

/** The units of a line that a refund is for, with their share of what was paid and of its tax. */
export interface RefundedLine {
  readonly productId: number;
  readonly quantity: number;
  /** How many of them were shipped. The others are stopped. */
  readonly shipped: number;
  readonly amountCents: number;
  readonly taxCents: number;
}

/** Computes what comes back for units of an order: exactly what was paid for them, with their discount and tax. */
export function priceRefund(
  order: RefundableOrder,
  { lines = [], delivery = false }: Pick<RefundTerms, 'lines' | 'delivery'>,
  currency: string,
): RefundParts | 'too_many_units' {
  const refunded: RefundedLine[] = [];
  for (const { sku, qty } of mergeItems(lines)) {
    const line = order.lines.find((one) => one.sku === sku);
    if (!line) return 'too_many_units';
    const refundable = unitsToRefund(line);
    const asked = { left: askedOf(lines, sku, false), shipped: askedOf(lines, sku, true) };
    const shipped = Math.max(asked.shipped, qty - refundable.left);
    if (asked.left > refundable.left || shipped > refundable.shipped) return 'too_many_units';
    const units = { before: line.refunded, now: qty, all: line.quantity };
    refunded.push({
      productId: line.productId,
      quantity: qty,
      shipped,
      amountCents: refundOfUnits(line.paidCents, units, currency),
      taxCents: refundOfUnits(line.taxCents, units, currency),
    });
  }
  if (delivery && order.deliveryRefunded) return 'too_many_units';
  const deliveryCents = delivery ? order.deliveryCents : 0;
  return {
    amountCents: refunded.reduce((sum, { amountCents }) => sum + amountCents, deliveryCents),
    lines: refunded,
    deliveryCents,
    deliveryTaxCents: delivery ? order.deliveryTaxCents : 0,
  };
}

/** Units of a line that can still be refunded: those that are left to ship, and those that were shipped. */
export function unitsToRefund(line: RefundableLine): { readonly left: number; readonly shipped: number } {
  const left = leftToShip(line);
  return { left, shipped: line.quantity - line.refunded - left };
}

function askedOf(lines: readonly RefundItem[], sku: string, shipped: boolean): number {
  const asked = lines.filter((line) => line.sku === sku && line.shipped === shipped);
  return asked.reduce((sum, { qty }) => sum + qty, 0);
}

/**
 * Lowers a refund of units to what is left of the payment, because an earlier refund of an amount may have left less than was paid for them.
 * One that does not name all units that are left to ship stays as it is: with the last of the money these would be stopped unasked.
 */
export function lowerToLeft(order: RefundableOrder, parts: RefundParts, leftCents: number): RefundParts {
  const isWhole = order.lines.every((line) => leftToShip(line) === unitsOf(parts, line.productId).notShipped);
  if (parts.amountCents <= leftCents || !isWhole) return parts;
  let rest = leftCents;
  const lower = (cents: number, taxCents: number) => {
    const amountCents = Math.min(cents, rest);
    rest -= amountCents;
    return { amountCents, taxCents: cents === 0 ? 0 : roundedShare(taxCents, amountCents, cents, 1) };
  };
  const lines = parts.lines.map((line) => ({ ...line, ...lower(line.amountCents, line.taxCents) }));
  const delivery = lower(parts.deliveryCents, parts.deliveryTaxCents);
  return {
    amountCents: leftCents,
    lines,
    deliveryCents: delivery.amountCents,
    deliveryTaxCents: delivery.taxCents,
  };
}

function unitsOf({ lines }: RefundParts, productId: number) {
  const { quantity = 0, shipped = 0 } = lines.find((part) => part.productId === productId) ?? {};
  return { shipped, notShipped: quantity - shipped };
}

/** The units that a refund stops: those that are not shipped. */
export function unitsToStop({ lines }: RefundParts): ShippedItem[] {
  return lines.map(({ productId, quantity, shipped }) => ({ productId, quantity: quantity - shipped }));
}

/**
 * The units that go back into stock with a refund of units. With the last of the money nothing more is shipped, so everything that is
 * still here returns. Of what was shipped, only its own units can have come back.
 */
export function unitsToReturn(
  order: RefundableOrder,
  parts: RefundParts,
  { full, shippedToo }: { readonly full: boolean; readonly shippedToo: boolean },
): ShippedItem[] {
  return order.lines.map((line) => {
    const { productId } = line;
    const units = unitsOf(parts, productId);
    const notShipped = full ? leftToShip(line) : units.notShipped;
    return { productId, quantity: notShipped + (shippedToo ? units.shipped : 0) };
  });
}

/** The reasons of refunds, by code. With `operator`, the refund has the operator's note. */
export type RefundReason = 'operator' | 'late_payment' | 'external_refund';

/** A refund that an operator asks for; under one request key there is one. */
export interface RefundRequest extends RefundTerms {
  readonly orderId: number;
  readonly reason: string;
  readonly actor: string;
  readonly requestKey: string;
}

/** Why a refund was not promised. Amounts in minor units. */
export interface RefusedRefund {
  readonly refused: RefundRefusal | 'unknown_order' | 'key_reused' | 'too_many_units';
  /** How much of the payment may still be paid back. */
  readonly refundableCents: number;
  /** The provider pays back multiples of it. */
  readonly stepCents: number;
}

/** A refund that may be promised. `full`: with it, the whole payment is refunded. */
export interface AllowedRefund {
  readonly amountCents: number;
  readonly full: boolean;
  readonly restock: boolean;
}

export type RefundRefusal =
  | 'not_refundable'
  | 'refund_too_large'
  | 'refund_indivisible'
  | 'restock_needs_full_refund';

/**
 * Decides on a refund. Only a settled payment can be refunded, up to the amount that no earlier refund covers, and a part of it only
 * by an amount that the provider takes.
 * Units that cost nothing are refunded without an amount. An amount says nothing about units, so they return to stock only with a full refund, or with a refund of them.
 */
export function decideRefund(terms: RefundTerms, payment: KnownPayment): AllowedRefund | RefundRefusal {
  if (payment.state !== 'settled') return 'not_refundable';
  const left = leftToRefund(payment);
  const amountCents = terms.amountCents ?? left;
  const isOfUnits = (terms.lines ?? []).length > 0;
  if (amountCents > left || (amountCents === 0 && !isOfUnits)) return 'refund_too_large';
  const full = amountCents === left;
  if (!full && amountCents % minorUnitsOf(payment.currency).step !== 0) return 'refund_indivisible';
  const restock = terms.restock ?? isRestockedByDefault(payment.orderStatus, full || isOfUnits);
  if (restock && !full && !isOfUnits) return 'restock_needs_full_refund';
  return { amountCents, full, restock };
}

/** The part of a payment that may still be refunded, in minor units: nothing unless it is settled. */
export function leftToRefund(payment: Pick<KnownPayment, 'state' | 'amountCents' | 'refundedCents'>): number {
  return payment.state === 'settled' ? payment.amountCents - payment.refundedCents : 0;
}

/** A refund of all units, or of some, returns these to stock unless they were dispatched. */
export function isRestockedByDefault(status: OrderStatus, full: boolean): boolean {
  return full && status === 'paid';
}
