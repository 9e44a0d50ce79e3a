import type { Database } from '../database/connection.ts';
import { readOrderStory } from '../database/queries/order-story.ts';
import { orderView } from '../storefront/order-view.ts';
import type { Renderer } from '../storefront/render.ts';
import { formatEvent } from './event-streams.ts';
import type { Snapshot } from './order-feed.ts';

/** Reads an order and renders the live part of its page, as an event under the id of its newest entry in the history. */
export function snapshotReader(
  database: Database,
  renderer: Renderer,
): (orderId: number) => Promise<Snapshot | undefined> {
  return async (orderId) => {
    const story = await readOrderStory(database, { order_id: orderId });
    if (!story) return undefined;
    const { order, history } = story;
    const view = orderView(story, new Date());
    const id = history.at(-1)?.history_id ?? '0';
    return {
      // Two entries may be committed in the other order than they were numbered in, and a payment moves without any.
      revision: `${id} ${history.length} ${order.payment_state}`,
      message: formatEvent({
        id,
        event: 'order',
        data: await renderer.render('parts/order-live', { order: view }),
      }),
      final: view.final,
    };
  };
}
