import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findOrder } from '../../database/queries/orders.ts';
import { findOrderToShip, type Shipment } from '../../database/queries/shipments.ts';
import { maxItems } from '../../domain/limits.ts';
import type { ShippedItem } from '../../domain/shipment.ts';
import type { ShippingFault, ShippingSource, TypedShipment } from '../../operator/shipping-view.ts';
import { problemTypes } from '../errors.ts';
import { carrierName, checkoutKey, serial, trackingLink, trackingNumber } from '../schemas.ts';
import { type ShipmentOptions, shipmentRefusal } from './shipments.ts';

const text = z.string().default('');

// The units of each product are in a field of its number.
const unitsField = /^units-(\d{1,10})$/;

/** The form of a parcel. */
export const shipmentForm = z
  .looseObject({ key: checkoutKey, order: text, carrier: text, number: text, link: text })
  .transform(({ key, order, carrier, number, link, ...others }): TypedShipment => {
    const units = Object.entries(others).flatMap(([name, value]) => {
      const productId = unitsField.exec(name)?.[1];
      return productId === undefined ? [] : [[productId, String(value)]];
    });
    return { key, order, carrier, number, link, units: Object.fromEntries(units) };
  });

/** The form of a parcel before anything is typed. */
export function emptyShipment(): TypedShipment {
  return { order: '', units: {}, carrier: '', number: '', link: '', key: randomUUID() };
}

interface FaultyShipment {
  readonly what: ShippingFault;
  readonly status: number;
}

const faulty = (what: ShippingFault, status = 400): FaultyShipment => ({ what, status });

/** The form of a typed order, with what is left of it, or the reason why there is none. */
export async function chooseOrder(
  database: Database,
  typed: TypedShipment,
  fault: FaultyShipment | null = null,
): Promise<Partial<ShippingSource>> {
  const orderId = serial.safeParse(typed.order.trim());
  if (!orderId.success) return { typed, fault: faulty('order_unreadable') };
  const order = (await findOrderToShip(database, orderId.data)) ?? null;
  return { typed, order, fault: order ? fault : await whyNotShippable(database, orderId.data) };
}

async function whyNotShippable(database: Database, orderId: number): Promise<FaultyShipment> {
  const order = await findOrder(database, orderId);
  if (!order) return faulty('unknown_order');
  return faulty(order.status === 'dispatched' ? 'already_shipped' : 'not_shippable');
}

/** Records the parcel as it was typed. A mistake is a fault of one field. */
export async function shipTyped(
  { shipOrder }: ShipmentOptions,
  typed: TypedShipment,
): Promise<Shipment | FaultyShipment> {
  const orderId = serial.safeParse(typed.order.trim());
  if (!orderId.success) return faulty('order_unreadable');
  const items = itemsTyped(typed);
  if (!items) return faulty('units_unreadable');
  const carrier = orNull(carrierName).safeParse(typed.carrier);
  if (!carrier.success) return faulty('carrier_unreadable');
  const number = orNull(trackingNumber).safeParse(typed.number);
  if (!number.success) return faulty('number_unreadable');
  const link = orNull(trackingLink).safeParse(typed.link);
  if (!link.success) return faulty('link_unreadable');
  const answer = await shipOrder({
    orderId: orderId.data,
    items,
    carrier: carrier.data,
    trackingNumber: number.data,
    link: link.data,
    actor: 'operator',
    requestKey: typed.key,
  });
  if (!('refused' in answer)) return answer;
  return faulty(answer.refused, problemTypes[shipmentRefusal(answer).code].status);
}

/** The typed units above zero; null when there are none, or one is no whole number. */
function itemsTyped({ units }: TypedShipment): ShippedItem[] | null {
  const typed = Object.entries(units).map(([id, text]) => ({ id: Number(id), text: text.trim() }));
  if (typed.length > maxItems || typed.some(({ text }) => !/^\d{1,4}$/.test(text))) return null;
  const items = typed.map(({ id, text }) => ({ productId: id, quantity: Number(text) }));
  const shipped = items.filter(({ quantity }) => quantity > 0);
  return shipped.length > 0 ? shipped : null;
}

/** An empty field is no value. */
function orNull<Schema extends z.ZodType>(schema: Schema) {
  return z.union([
    z
      .string()
      .trim()
      .length(0)
      .transform(() => null),
    schema,
  ]);
}
