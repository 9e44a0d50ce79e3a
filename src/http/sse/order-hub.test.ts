import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OrderHub, type Snapshot, type Subscriber } from './order-hub.ts';

class Recorder implements Subscriber {
  readonly received: string[] = [];
  ended = 0;

  send(message: string): void {
    this.received.push(message);
  }

  end(): void {
    this.ended += 1;
  }
}

let revision = 1;
let final = false;
let changesInMs: number | null;
/** No order can be read. */
let away = false;
/** The order that cannot be read. */
let broken: number | undefined;
let troubles: string[];
/** The orders that were read, and the functions that let delayed reads answer. */
let reads: number[];
let held: (() => void)[] | undefined;
let hub: OrderHub;

async function read(orderId: number): Promise<Snapshot> {
  reads.push(orderId);
  const seen = { revision: String(revision), message: `order ${orderId}: ${revision}`, final, changesInMs };
  if (held) await new Promise<void>((resolve) => held?.push(resolve));
  if (away) throw new Error('away');
  if (orderId === broken) throw new Error('broken');
  return seen;
}

beforeEach(() => {
  [revision, final, changesInMs, away, broken, held] = [1, false, null, false, undefined, undefined];
  [reads, troubles] = [[], []];
  hub = new OrderHub({
    read,
    failsForAll: (error) => (error as Error).message === 'away',
    onTrouble: (error) => troubles.push((error as Error).message),
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function release(): Promise<void> {
  const waiting = held?.splice(0) ?? [];
  for (const resolve of waiting) resolve();
  return turn();
}

function change(orderId: number): void {
  revision += 1;
  hub.notify(orderId);
}

test('a new subscriber receives the present snapshot, and then each change', async () => {
  const subscriber = new Recorder();
  hub.subscribe(7, subscriber);
  await turn();
  change(7);
  await turn();
  expect(subscriber.received).toEqual(['order 7: 1', 'order 7: 2']);
});

test('an order is read once for all subscribers, and never without any', async () => {
  const subscribers = Array.from({ length: 500 }, () => new Recorder());
  for (const subscriber of subscribers) hub.subscribe(7, subscriber);
  await turn();
  reads = [];
  change(7);
  hub.notify(8);
  await turn();
  expect(reads).toEqual([7]);
  expect(subscribers.every(({ received }) => received.join() === 'order 7: 1,order 7: 2')).toBe(true);
});

test('changes during a read cause one more read, however many there are', async () => {
  const subscriber = new Recorder();
  held = [];
  hub.subscribe(7, subscriber);
  for (let times = 0; times < 100; times += 1) change(7);
  await release();
  await release();
  expect(reads).toEqual([7, 7]);
  expect(subscriber.received.at(-1)).toBe('order 7: 101');
});

test('no subscriber receives the same revision twice', async () => {
  const [early, late] = [new Recorder(), new Recorder()];
  hub.subscribe(7, early);
  await turn();
  hub.subscribe(7, late);
  hub.notify(7);
  await turn();
  expect([early.received, late.received]).toEqual([['order 7: 1'], ['order 7: 1']]);
});

test('the final snapshot ends every subscriber, and the order is forgotten', async () => {
  const subscriber = new Recorder();
  final = true;
  hub.subscribe(7, subscriber);
  await turn();
  change(7);
  await turn();
  expect([subscriber.received.length, subscriber.ended, reads.length]).toEqual([1, 1, 1]);
});

test('while no order can be read, all back off with one report, and then all are read', async () => {
  const [subscriber, other] = [new Recorder(), new Recorder()];
  away = true;
  hub.subscribe(7, subscriber);
  await turn();
  hub.subscribe(8, other);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([subscriber.received, other.received, troubles]).toEqual([[], [], ['away']]);
  // Both orders, every half second.
  expect(reads.length).toBeLessThanOrEqual(22);
  away = false;
  await vi.advanceTimersByTimeAsync(500);
  expect([subscriber.received, other.received]).toEqual([['order 7: 1'], ['order 8: 1']]);
  expect(troubles).toEqual(['away']);
});

test('one order that cannot be read backs off alone, up to a minute, with one report', async () => {
  const [subscriber, other] = [new Recorder(), new Recorder()];
  broken = 7;
  hub.subscribe(7, subscriber);
  await turn();
  hub.subscribe(8, other);
  await turn();
  expect(other.received).toEqual(['order 8: 1']);
  // Its changes cause no reads in between.
  for (let seconds = 0; seconds < 600; seconds += 1) {
    change(7);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  // After 0.5, 1, 2, 4, 8, 16, 32 and then every 60 seconds.
  expect(reads.filter((orderId) => orderId === 7)).toHaveLength(1 + 7 + 8);
  expect(troubles).toEqual(['broken']);
  broken = undefined;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(subscriber.received).toEqual(['order 7: 601']);
});

test('an order that changes with time is read at that time, and its final snapshot ends the subscriber', async () => {
  const subscriber = new Recorder();
  changesInMs = 30_000;
  hub.subscribe(7, subscriber);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(reads).toEqual([7]);
  [revision, final, changesInMs] = [2, true, null];
  await vi.advanceTimersByTimeAsync(1_000);
  expect([subscriber.received, subscriber.ended]).toEqual([['order 7: 1', 'order 7: 2'], 1]);
});

test('no timer is left after the last subscriber', async () => {
  const subscriber = new Recorder();
  changesInMs = 30_000;
  hub.subscribe(7, subscriber);
  await turn();
  hub.unsubscribe(7, subscriber);
  expect(vi.getTimerCount()).toBe(0);
});

test('a few orders are read at once, and each gets its turn', async () => {
  held = [];
  const subscribers = Array.from({ length: 20 }, () => new Recorder());
  for (const [orderId, subscriber] of subscribers.entries()) hub.subscribe(orderId, subscriber);
  expect(reads).toHaveLength(4);
  while (held.length > 0) await release();
  expect(subscribers.every(({ received }) => received.length === 1)).toBe(true);
});

test('a closed hub has ended every subscriber, and ends each new one', async () => {
  const [subscriber, late] = [new Recorder(), new Recorder()];
  hub.subscribe(7, subscriber);
  hub.close();
  hub.subscribe(7, late);
  await turn();
  expect([subscriber.ended, late.ended, late.received]).toEqual([1, 1, []]);
});

test('a subscriber that unsubscribed receives nothing', async () => {
  const subscriber = new Recorder();
  hub.subscribe(7, subscriber);
  hub.unsubscribe(7, subscriber);
  await turn();
  expect(subscriber.received).toEqual([]);
});
