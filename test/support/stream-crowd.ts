import { EventReader } from './event-reader.ts';
import { type OpenShop, placeOrder, type TestOrder } from './orders.ts';
import { waitFor } from './wait.ts';

/** Orders that many watch at once. */
export class StreamCrowd {
  private constructor(
    readonly orders: readonly TestOrder[],
    readonly readers: ReadonlyMap<TestOrder, readonly EventReader[]>,
  ) {}

  /** Places orders and opens this many streams of each; resolves when each has its first message. */
  static async gather(
    shop: OpenShop,
    { orders, streamsEach }: { readonly orders: number; readonly streamsEach: number },
  ): Promise<StreamCrowd> {
    const placed: TestOrder[] = [];
    for (let count = 0; count < orders; count += 1) placed.push(await placeOrder(shop));
    const readers = new Map<TestOrder, EventReader[]>();
    for (const order of placed) {
      const open = () => EventReader.open(`${order.order_url}/events`);
      readers.set(order, await Promise.all(Array.from({ length: streamsEach }, open)));
    }
    const crowd = new StreamCrowd(placed, readers);
    await waitFor(
      'the first messages',
      () => crowd.all.filter(({ events }) => events.length === 0).length,
      (silent) => silent === 0,
    );
    return crowd;
  }

  get all(): EventReader[] {
    return [...this.readers.values()].flat();
  }

  /**
   * Does something to each order, one after the other, and measures how long it takes from the moment when that was done
   * until each of the order's streams shows it; negative where the message came before the answer.
   * @returns milliseconds, one for each stream, smallest first
   */
  async latencies(act: (order: TestOrder) => Promise<unknown>, shown: string): Promise<number[]> {
    const latencies: number[] = [];
    for (const [order, readers] of this.readers) {
      await act(order);
      const done = performance.now();
      for (const reader of readers) {
        const event = await waitFor(
          `a stream of order ${order.order_id} to show ${shown}`,
          () => reader.events.find(({ data }) => data.includes(shown)),
          (found) => found !== undefined,
        );
        latencies.push((event?.at ?? Number.POSITIVE_INFINITY) - done);
      }
    }
    return latencies.toSorted((a, b) => a - b);
  }

  close(): void {
    for (const reader of this.all) reader.close();
  }
}
