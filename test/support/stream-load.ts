import { EventReader } from './event-reader.ts';
import { type OpenShop, placeOrder, type TestOrder } from './orders.ts';
import { waitFor } from './wait.ts';

/** Orders with many open streams each. */
export class StreamLoad {
  private constructor(
    readonly orders: readonly TestOrder[],
    readonly readers: ReadonlyMap<TestOrder, readonly EventReader[]>,
  ) {}

  /** Places orders and opens this many streams of each; resolves when each has its first message. */
  static async gather(
    shop: OpenShop,
    { orders, streamsEach }: { readonly orders: number; readonly streamsEach: number },
  ): Promise<StreamLoad> {
    const placed: TestOrder[] = [];
    for (let count = 0; count < orders; count += 1) placed.push(await placeOrder(shop));
    const readers = new Map<TestOrder, EventReader[]>();
    for (const order of placed) {
      const open = () => EventReader.open(`${order.order_url}/events`);
      readers.set(order, await Promise.all(Array.from({ length: streamsEach }, open)));
    }
    const load = new StreamLoad(placed, readers);
    await waitFor(
      'the first messages',
      () => load.all.filter(({ events }) => events.length === 0).length,
      (silent) => silent === 0,
    );
    return load;
  }

  get all(): EventReader[] {
    return [...this.readers.values()].flat();
  }

  close(): void {
    for (const reader of this.all) reader.close();
  }
}
