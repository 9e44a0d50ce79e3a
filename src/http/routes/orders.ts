import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findOrder, listOrders, type OrderSummary, pageSize } from '../../database/queries/orders.ts';
import type { Shipment } from '../../database/queries/shipments.ts';
import { ShopError } from '../../domain/errors.ts';
import { lastUpdate, progressRemaining, statusNumber } from '../../domain/order.ts';
import { operation, problems, serial, timestamp } from '../schemas.ts';

const order = z
  .object({
    order_id: z.int(),
    order_status: z.int().describe('-1 cancelled or refunded, 0 pending, 1 dispatched, 2 paid'),
    status: z.enum(['pending', 'paid', 'dispatched', 'cancelled', 'refunded']),
    last_update_time: timestamp,
    product_id: z.int().describe('The first product of the order'),
    progress_remaining: z.int().min(0).max(10).describe('Steps of the dispatch that are left'),
  })
  .meta({
    id: 'Order',
    description: 'An order, without personal data',
    examples: [
      {
        order_id: 1,
        order_status: 2,
        status: 'paid',
        last_update_time: '2026-11-26T14:32:00.000Z',
        product_id: 1,
        progress_remaining: 10,
      },
    ],
  });

const orderWithShipments = order
  .extend({
    shipments: z
      .array(
        z.object({
          shipped_at: timestamp,
          carrier: z.string().nullable(),
          lines: z.array(z.object({ product_id: z.int(), quantity: z.int() })),
        }),
      )
      .optional()
      .describe('The parcels that an operator shipped, without what leads to a person; missing without any'),
  })
  .meta({ id: 'OrderWithShipments', description: 'An order, and how it was shipped' });

/** `GET /order/:order_id` and `GET /orders`. */
export const orderRoutes: FastifyPluginAsyncZod<{ database: Database }> = async (server, { database }) => {
  server.get(
    '/order/:order_id',
    operation('shop', 'getOrder', 'Show one order', {
      params: z.object({ order_id: serial }),
      response: { 200: orderWithShipments, ...problems('invalid_input', 'not_found') },
    }),
    async (request) => {
      const found = await findOrder(database, request.params.order_id);
      if (!found) throw new ShopError('not_found', `There is no order ${request.params.order_id}.`);
      const shipments = found.shipments.map(shipmentView);
      return { ...view(found, new Date()), ...(shipments.length > 0 && { shipments }) };
    },
  );

  server.get(
    '/orders',
    operation('shop', 'listOrders', `List the newest orders, at most ${pageSize}`, {
      querystring: z.object({ before: serial.optional().describe('The last id of the previous page') }),
      response: { 200: z.array(order), ...problems('invalid_input') },
    }),
    async (request) => {
      const now = new Date();
      const found = await listOrders(database, pageSize, request.query.before);
      return found.map((one) => view(one, now));
    },
  );
};

function view(found: OrderSummary, now: Date): z.infer<typeof order> {
  const times = [found.createdAt, found.paidAt, found.dispatchedAt, found.cancelledAt, found.refundedAt];
  return {
    order_id: found.orderId,
    order_status: statusNumber[found.status],
    status: found.status,
    last_update_time: lastUpdate(found, times, now).toISOString(),
    product_id: found.productId,
    progress_remaining: progressRemaining(found, now),
  };
}

function shipmentView({ shippedAt, carrier, items }: Shipment) {
  const lines = items.map(({ productId, quantity }) => ({ product_id: productId, quantity }));
  return { shipped_at: shippedAt.toISOString(), carrier, lines };
}
