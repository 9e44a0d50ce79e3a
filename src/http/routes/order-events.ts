import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import type { Listener, ListenOptions } from '../../database/listen.ts';
import { findOrderByToken } from '../../database/queries/orders.ts';
import { isPostgresAway } from '../../shared/outage.ts';
import type { Renderer } from '../../storefront/render.ts';
import { createEventStreams } from '../event-streams.ts';
import { tokenToLookUp, unknownOrder } from '../order-address.ts';
import { OrderFeed } from '../order-feed.ts';
import { snapshotReader } from '../order-snapshots.ts';

export interface OrderEventsOptions {
  readonly database: Database;
  readonly renderer: Renderer;
  readonly streamsPerAddress: number;
  /** Listens for the numbers of orders that have changed. */
  readonly listen: (ear: Pick<ListenOptions, 'onNotice' | 'onListening' | 'onTrouble'>) => Listener;
}

const schema = { hide: true, params: z.object({ token: z.string() }) };
// Each holds a socket and a few kilobytes; a process that is asked for more stays a shop.
const streamsInAll = 10_000;

/**
 * `GET /orders/:token/events`: an order's page as server-sent events. Each message is the whole live part of the page under
 * the id of the newest entry of the order's history, so whoever comes back after a gap has missed nothing.
 */
export const orderEventRoutes: FastifyPluginAsyncZod<OrderEventsOptions> = async (server, options) => {
  const { database, renderer, streamsPerAddress, listen } = options;
  const streams = createEventStreams({ perAddress: streamsPerAddress, inAll: streamsInAll });
  const feed = new OrderFeed({
    read: snapshotReader(database, renderer),
    failsForAll: isPostgresAway,
    onTrouble: (err) => {
      server.log.warn({ err }, 'an order cannot be read for those who watch it; trying again');
    },
  });

  // No HEAD: there is no end to wait for.
  server.get('/orders/:token/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const order = await findOrderByToken(database, tokenToLookUp(request.params.token));
    if (!order) throw unknownOrder();
    const stream = streams.open(reply);
    feed.watch(order.orderId, stream);
    stream.onClose(() => {
      feed.unwatch(order.orderId, stream);
    });
  });

  let listener: Listener | undefined;
  server.addHook('onReady', async () => {
    listener = listen({
      onNotice: (orderId) => {
        feed.changed(Number(orderId));
      },
      onListening: () => {
        feed.anyChanged();
      },
      onTrouble: (err) => {
        server.log.warn({ err }, 'changes of orders are not heard; connecting again');
      },
    });
  });
  // An open stream would keep the server from closing.
  server.addHook('preClose', async () => {
    feed.close();
    streams.close();
  });
  server.addHook('onClose', () => listener?.close());
};
