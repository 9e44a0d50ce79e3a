import type { OrdersToShip, OrderToShip, Shipment } from '../database/queries/shipments.ts';
import type { OrderRow } from '../database/tables.ts';
import { addressLines } from '../domain/postal-address.ts';
import { shownDay } from '../storefront/times.ts';
import { itemWords, orderWords } from '../storefront/words.ts';
import { shippedWords, shippingFaults, unitsWords, waitingWords } from './words.ts';

/** Why a parcel was not recorded. */
export type ShippingFault = keyof typeof shippingFaults;

/** The form of a parcel, as it was typed. */
export interface TypedShipment {
  readonly order: string;
  /** By the number of the product. Without any, everything that is left is proposed. */
  readonly units: Readonly<Record<number, string>>;
  readonly carrier: string;
  readonly number: string;
  readonly link: string;
  /** Under one key there is one parcel, however often the form is sent. */
  readonly key: string;
}

/** What the part of the page about shipments shows. */
export interface ShippingSource {
  readonly waiting: OrdersToShip;
  /** The order whose form is shown. */
  readonly order: OrderToShip | null;
  readonly typed: TypedShipment;
  /** The parcel that was just recorded. */
  readonly done: (Shipment & Pick<OrderRow, 'token' | 'status'>) | null;
  readonly fault: { readonly what: ShippingFault } | null;
}

/** The model of the part of the operator's page that ships orders. */
export function shippingView({ waiting, order, typed, done, fault }: ShippingSource, now: Date) {
  return {
    waitingText: waitingWords(waiting.orders.length, waiting.inAll),
    waiting: waiting.orders.map((one) => ({ ...nameOf(one), ...dueOf(one, now), items: itemsOf(one) })),
    order: typed.order,
    form: order && { ...typed, ...nameOf(order), ...destinationOf(order), lines: linesOf(order, typed) },
    done: done && doneOf(done),
    field: fault ? shippingFaults[fault.what].field : null,
    fault: fault && shippingFaults[fault.what].text,
  };
}

function nameOf({ orderId: id, token }: OrderToShip) {
  return { id, token, name: orderWords(id) };
}

function dueOf({ dispatchDueAt: due }: OrderToShip, now: Date) {
  return { due: shownDay(due), isLate: due < now };
}

function destinationOf({ deliveryName, address }: OrderToShip) {
  return { delivery: deliveryName, address: address ? addressLines(address) : [] };
}

function itemsOf({ lines }: OrderToShip): string {
  return lines.map(({ product, left }) => itemWords(product, left)).join(', ');
}

function linesOf({ lines }: OrderToShip, { units }: TypedShipment) {
  const isFresh = Object.keys(units).length === 0;
  return lines.map(({ productId: id, product, left }) => ({
    id,
    label: unitsWords(product, left),
    typed: units[id] ?? (isFresh ? String(left) : '0'),
  }));
}

function doneOf({ shipmentId, orderId, token, status }: NonNullable<ShippingSource['done']>) {
  const name = orderWords(orderId);
  const text = shippedWords(shipmentId, status === 'dispatched');
  return { title: name + text, name, text, token };
}
