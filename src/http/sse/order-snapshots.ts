import { createHash } from 'node:crypto';
import type { Database } from '../../database/connection.ts';
import { readOrderDetails } from '../../database/queries/order-details.ts';
import { orderView } from '../../storefront/order-view.ts';
import type { Renderer } from '../../storefront/render.ts';
import { formatEvent } from './event-streams.ts';
import type { Snapshot } from './order-hub.ts';

/** Reads an order and renders the live part of its page as an event. The id is that of its newest history entry. */
export function snapshotReader(
  database: Database,
  renderer: Renderer,
): (orderId: number) => Promise<Snapshot | undefined> {
  return async (orderId) => {
    const details = await readOrderDetails(database, { orderId });
    if (!details) return undefined;
    const view = orderView(details, new Date());
    return {
      // A page depends on these details and the time. Subscribers must also receive the change to final.
      revision: digestOf([details, view.final]),
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

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
