import { type Mutant, promises } from './mutant.ts';

const shipping = 'src/database/transactions/ship-order.ts';
const http = 'test/http/shipments.test.ts';

/** Parcels, and units that are refunded before they are shipped. */
export const shipments: readonly Mutant[] = [
  {
    name: 'a parcel may have more than is left',
    promise: promises.once,
    file: 'src/domain/shipment.ts',
    from: 'quantity > leftOf(productId)',
    to: 'quantity > leftOf(productId) + 1',
    test: { file: http, name: 'is refused and changes nothing' },
  },
  {
    name: 'an order is shipped while its money is going back',
    promise: promises.charged,
    file: 'src/domain/shipment.ts',
    from: `if (orderStatus !== 'paid' || state !== 'settled')`,
    to: `if (orderStatus !== 'paid')`,
    test: { file: http, name: 'of everything stops what is not shipped' },
  },
  {
    name: 'an order is shipped before a deferred refund event is applied',
    promise: promises.charged,
    file: 'src/domain/shipment.ts',
    from: 'if (hasDeferredEvent)',
    to: 'if (hasDeferredEvent && lines.length === 0)',
    test: { file: http, name: 'is applied before anything is shipped' },
  },
  {
    name: 'an order is dispatched with its first parcel',
    promise: promises.charged,
    file: shipping,
    from: 'and shipped + stopped < quantity',
    to: 'and shipped + stopped < 1',
    test: { file: http, name: 'is dispatched with its last units' },
  },
  {
    name: 'a repeated key ships another parcel',
    promise: promises.once,
    file: shipping,
    from: 'if (known) {',
    to: 'if (known && known.orderId !== orderId) {',
    test: { file: http, name: 'is one parcel, and the key belongs to its content' },
  },
  {
    name: 'a full refund does not stop what is not shipped',
    promise: promises.once,
    file: 'src/database/transactions/refund-order.ts',
    from: 'if (refundedCents + amountCents === paidCents) await stopShipping',
    to: 'if (refundedCents + amountCents > paidCents) await stopShipping',
    test: { file: http, name: 'at the provider stops what is not shipped' },
  },
  {
    name: 'a full refund restocks what is shipped',
    promise: promises.stock,
    file: 'src/database/transactions/release-stock.ts',
    from: `when 'left' then line.quantity - shipped - stopped`,
    to: `when 'left' then line.quantity`,
    test: { file: http, name: 'and that alone returns to stock' },
  },
  {
    name: 'the dispatch workflow ships an order of an operator',
    promise: promises.charged,
    file: 'src/database/transactions/settle-payment.ts',
    from: `case when fulfilment = 'automatic' then`,
    to: 'case when true then',
    test: { file: http, name: 'waits for an operator: no dispatch begins' },
  },
  {
    name: 'a parcel has no message',
    promise: promises.charged,
    file: shipping,
    from: `await planEmail(sql, { orderId, kind: 'shipped', shipmentId });`,
    to: 'void planEmail;',
    test: { file: http, name: 'its buyer gets carrier, number and link once' },
  },
  {
    name: 'everybody reads the numbers of parcels',
    promise: promises.privacy,
    file: 'src/http/routes/orders.ts',
    from: 'function shipmentView({ shippedAt, carrier, items }: Shipment)',
    to: 'function shipmentView({ shippedAt, trackingNumber: carrier, items }: Shipment)',
    test: { file: http, name: 'and each parcel has a message' },
  },
  {
    name: 'an erasure leaves the numbers of parcels',
    promise: promises.privacy,
    file: 'src/database/transactions/erase-personal-data.ts',
    from: 'await sql(`update shipments set ${untracked} where order_id = any(:ids)`, { ids });',
    to: '',
    test: {
      file: 'test/privacy/erase.test.ts',
      name: 'whose orders in progress end as usual, is erased by the next housekeeping',
    },
  },
];
