import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import type { Listener, ListenOptions } from '../../database/listen.ts';
import { findOrderByToken } from '../../database/queries/orders.ts';
import { isPostgresAway } from '../../shared/outage.ts';
import type { Renderer } from '../../storefront/render.ts';
import { unknownOrder } from '../orders.ts';
import { orderToken } from '../schemas.ts';
import { createEventStreams } from '../sse/event-streams.ts';
import { OrderHub } from '../sse/order-hub.ts';
import { snapshotReader } from '../sse/order-snapshots.ts';

export interface OrderEventsOptions {
  readonly database: Database;
  readonly renderer: Renderer;
  readonly streamsPerAddress: number;
  /** Listens for the numbers of changed orders. */
  readonly listen: (callbacks: Pick<ListenOptions, 'onNotice' | 'onListening' | 'onTrouble'>) => Listener;
}

const schema = { hide: true, params: z.object({ token: orderToken }) };
// Each stream holds a socket and a few kilobytes. The limit protects checkouts from too many streams.
const streamsInAll = 10_000;

/**
 * `GET /orders/:token/events`: an order's page as server-sent events. Each message is the whole live part of the page, so a
 * browser that reconnects has missed nothing.
 */
export const orderEventRoutes: FastifyPluginAsyncZod<OrderEventsOptions> = async (server, options) => {
  const { database, renderer, streamsPerAddress, listen } = options;
  const streams = createEventStreams({ perAddress: streamsPerAddress, inAll: streamsInAll });
  const hub = new OrderHub({
    read: snapshotReader(database, renderer),
    failsForAll: isPostgresAway,
    onTrouble: (err) => {
      server.log.warn({ err }, 'an order with open streams cannot be read; trying again');
    },
  });

  // No HEAD route, because a stream does not end.
  server.get('/orders/:token/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const order = await findOrderByToken(database, request.params.token);
    if (!order) throw unknownOrder();
    const stream = streams.open(reply);
    hub.subscribe(order.orderId, stream);
    stream.onClose(() => {
      hub.unsubscribe(order.orderId, stream);
    });
  });

  let listener: Listener | undefined;
  server.addHook('onReady', async () => {
    listener = listen({
      onNotice: (orderId) => {
        hub.notify(Number(orderId));
      },
      onListening: () => {
        hub.notifyAll();
      },
      onTrouble: (err) => {
        server.log.warn({ err }, 'cannot listen for changed orders; connecting again');
      },
    });
  });
  // Open streams would keep the server from closing.
  server.addHook('preClose', async () => {
    hub.close();
    streams.close();
  });
  server.addHook('onClose', () => listener?.close());
};
