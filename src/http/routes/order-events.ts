import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import type { Listener, ListenOptions } from '../../database/listen.ts';
import { readOrderDetails } from '../../database/queries/order-details.ts';
import { findOrderBy } from '../../database/queries/orders.ts';
import { isPostgresAway } from '../../shared/outage.ts';
import { orderView } from '../../storefront/order-view.ts';
import type { Renderer } from '../../storefront/render.ts';
import { orderToken } from '../schemas.ts';
import { EventStreams, formatEvent } from '../sse/event-streams.ts';
import { OrderHub, type Snapshot } from '../sse/order-hub.ts';
import { unknownOrder } from './order-page.ts';

export interface OrderEventsOptions {
  readonly database: Database;
  readonly renderer: Renderer;
  /** False where no messages are sent. */
  readonly sendsEmail: boolean;
  readonly streamsPerAddress: number;
  /** Listens for the numbers of changed orders. */
  readonly listen: (callbacks: Pick<ListenOptions, 'onNotice' | 'onListening' | 'onTrouble'>) => Listener;
}

const schema = { params: z.object({ token: orderToken }) };
// Each stream holds a socket and a few kilobytes. The limit protects checkouts from too many streams.
const streamsInAll = 10_000;

/**
 * `GET /orders/:token/events`: an order's page as server-sent events. Each message is the whole live part of the page, so a
 * browser that reconnects has missed nothing.
 */
export const orderEventRoutes: FastifyPluginAsyncZod<OrderEventsOptions> = async (server, options) => {
  const { database, streamsPerAddress, listen } = options;
  const streams = new EventStreams({ perAddress: streamsPerAddress, inAll: streamsInAll });
  const hub = new OrderHub({
    read: snapshotReader(options),
    failsForAll: isPostgresAway,
    onTrouble: (err) => server.log.warn({ err }, 'an order with open streams cannot be read; trying again'),
  });

  // No HEAD route, because a stream does not end.
  server.get('/orders/:token/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const order = await findOrderBy(database, { token: request.params.token });
    if (!order) throw unknownOrder();
    const stream = streams.open(reply);
    hub.subscribe(order.orderId, stream);
    stream.onClose(() => hub.unsubscribe(order.orderId, stream));
  });

  let listener: Listener | undefined;
  server.addHook('onReady', async () => {
    listener = listen({
      onNotice: (orderId) => hub.notify(Number(orderId)),
      onListening: () => hub.notifyAll(),
      onTrouble: (err) => server.log.warn({ err }, 'cannot listen for changed orders; connecting again'),
    });
  });
  // Open streams would keep the server from closing.
  server.addHook('preClose', async () => {
    hub.close();
    streams.close();
  });
  server.addHook('onClose', () => listener?.close());
};

/** Reads an order and renders the live part of its page as an event. The id is that of its newest history entry. */
function snapshotReader({ database, renderer, sendsEmail }: OrderEventsOptions) {
  return async (orderId: number): Promise<Snapshot | undefined> => {
    const details = await readOrderDetails(database, { orderId });
    if (!details) return undefined;
    const view = orderView(details, new Date(), sendsEmail);
    return {
      // A page depends on these details and the time. Subscribers must also receive the change to final.
      revision: createHash('sha256')
        .update(JSON.stringify([details, view.final]))
        .digest('base64url'),
      message: formatEvent({
        id: details.history.at(-1)?.historyId ?? '0',
        event: 'order',
        data: await renderer.render('parts/order-live', { order: view }),
      }),
      final: view.final,
      changesInMs: view.lateForMs,
    };
  };
}
