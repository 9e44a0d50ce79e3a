import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Shipment } from '../../database/queries/shipments.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxItems, maxQuantity } from '../../domain/limits.ts';
import type { RefusedShipment, ShipmentRequest } from '../../domain/shipment.ts';
import {
  carrierName,
  checkoutKey,
  operation,
  problems,
  response,
  serial,
  timestamp,
  trackingLink,
  trackingNumber,
} from '../schemas.ts';

export interface ShipmentOptions {
  readonly shipOrder: (request: ShipmentRequest) => Promise<Shipment | RefusedShipment>;
}

const productId = z.int().min(1).max(2_147_483_647);

const shipmentBody = z
  .strictObject({
    lines: z
      .array(z.strictObject({ product_id: productId, quantity: z.int().min(1).max(maxQuantity) }))
      .min(1)
      .max(maxItems)
      .optional()
      .describe('What is in the parcel; by default everything that is left to ship'),
    carrier: carrierName.optional(),
    number: trackingNumber.optional().describe('The number of the parcel at its carrier'),
    link: trackingLink.optional().describe('Where the buyer can follow the parcel'),
  })
  .meta({
    examples: [
      {
        lines: [{ product_id: 1, quantity: 2 }],
        carrier: 'Parcel Post',
        number: 'PP123456785',
        link: 'https://parcels.example/PP123456785',
      },
    ],
  });

const shipment = z
  .object({
    shipment_id: z.int(),
    order_id: z.int(),
    shipped_at: timestamp,
    carrier: z.string().nullable(),
    number: z.string().nullable(),
    link: z.string().nullable(),
    lines: z.array(z.object({ product_id: z.int(), quantity: z.int() })),
  })
  .meta({
    id: 'Shipment',
    description: 'A parcel. With the last units of its order, the order is dispatched',
    examples: [
      {
        shipment_id: 1,
        order_id: 1,
        shipped_at: '2026-11-27T14:32:00.000Z',
        carrier: 'Parcel Post',
        number: 'PP123456785',
        link: 'https://parcels.example/PP123456785',
        lines: [{ product_id: 1, quantity: 2 }],
      },
    ],
  });

/** `POST /order/:order_id/shipments` (docs/OPERATING.md): for operators. The buyer gets a message about each parcel. */
export const shipmentRoutes: FastifyPluginAsyncZod<ShipmentOptions> = async (server, options) => {
  server.post(
    '/order/:order_id/shipments',
    operation('operator', 'shipOrder', 'Record a parcel of an order', {
      params: z.object({ order_id: serial }),
      headers: z.looseObject({ 'idempotency-key': checkoutKey.optional() }),
      body: shipmentBody,
      response: {
        201: response('The parcel is recorded, and its message is due', shipment),
        ...problems(
          'invalid_input',
          'malformed_body',
          'not_found',
          'not_shippable',
          'shipment_too_large',
          'key_reused',
        ),
      },
    }),
    async (request, reply) => {
      const { lines, carrier = null, number = null, link = null } = request.body;
      const answer = await options.shipOrder({
        orderId: request.params.order_id,
        items: lines?.map(({ product_id: id, quantity }) => ({ productId: id, quantity })),
        carrier,
        trackingNumber: number,
        link,
        actor: 'operator',
        requestKey: request.headers['idempotency-key'] ?? randomUUID(),
      });
      if ('refused' in answer) throw shipmentRefusal(answer);
      return reply.code(201).send({
        shipment_id: answer.shipmentId,
        order_id: answer.orderId,
        shipped_at: answer.shippedAt.toISOString(),
        carrier: answer.carrier,
        number: answer.trackingNumber,
        link: answer.link,
        lines: answer.items.map((item) => ({ product_id: item.productId, quantity: item.quantity })),
      });
    },
  );
};

/** The error for a program whose parcel was refused. */
export function shipmentRefusal({ refused, lines }: RefusedShipment): ShopError {
  switch (refused) {
    case 'unknown_order':
      return new ShopError('not_found', 'There is no such order, or it was never to be paid.');
    case 'key_reused':
      return new ShopError('key_reused', 'This idempotency key belongs to another parcel.');
    case 'not_shippable':
      return notShippable('The order is not paid, or its money is going back.', 'not_paid');
    case 'already_shipped':
      return notShippable('Everything of the order has left the shop.', 'shipped');
    case 'event_waiting':
      return notShippable(
        'An event about its payment is applied first. Repeat in a minute.',
        'event_waiting',
      );
    case 'shipment_too_large': {
      const left = lines.map((line) => ({ product_id: line.productId, left: line.left }));
      const message = left.map((line) => `of product ${line.product_id}, ${line.left} are left`).join('; ');
      return new ShopError('shipment_too_large', `More than is left to ship: ${message}.`, { lines: left });
    }
  }
}

function notShippable(message: string, because: 'not_paid' | 'shipped' | 'event_waiting'): ShopError {
  return new ShopError('not_shippable', message, { because });
}
