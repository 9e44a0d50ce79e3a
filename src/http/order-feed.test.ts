import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OrderFeed, type Snapshot, type Watcher } from './order-feed.ts';

class Ear implements Watcher {
  readonly heard: string[] = [];
  ended = 0;

  send(message: string): void {
    this.heard.push(message);
  }

  end(): void {
    this.ended += 1;
  }
}

let revision = 1;
let final = false;
let changesInMs: number | null;
/** Nothing can be read. */
let away = false;
/** This one cannot be read. */
let broken: number | undefined;
let troubles: string[];
/** The orders that were read, and how to let those answer that are held back. */
let reads: number[];
let held: (() => void)[] | undefined;
let feed: OrderFeed;

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
  feed = new OrderFeed({
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
  feed.changed(orderId);
}

test('who begins to watch hears how the order stands, and then each change', async () => {
  const ear = new Ear();
  feed.watch(7, ear);
  await turn();
  change(7);
  await turn();
  expect(ear.heard).toEqual(['order 7: 1', 'order 7: 2']);
});

test('an order is read once for all, and not at all when nobody watches', async () => {
  const ears = Array.from({ length: 500 }, () => new Ear());
  for (const ear of ears) feed.watch(7, ear);
  await turn();
  reads = [];
  change(7);
  feed.changed(8);
  await turn();
  expect(reads).toEqual([7]);
  expect(ears.every(({ heard }) => heard.join() === 'order 7: 1,order 7: 2')).toBe(true);
});

test('what changes while the order is being read is read once more, however often it changes', async () => {
  const ear = new Ear();
  held = [];
  feed.watch(7, ear);
  for (let times = 0; times < 100; times += 1) change(7);
  await release();
  await release();
  expect(reads).toEqual([7, 7]);
  expect(ear.heard.at(-1)).toBe('order 7: 101');
});

test('nobody hears twice what has not changed', async () => {
  const [early, late] = [new Ear(), new Ear()];
  feed.watch(7, early);
  await turn();
  feed.watch(7, late);
  feed.changed(7);
  await turn();
  expect([early.heard, late.heard]).toEqual([['order 7: 1'], ['order 7: 1']]);
});

test('the last message ends it for all, and the order is forgotten', async () => {
  const ear = new Ear();
  final = true;
  feed.watch(7, ear);
  await turn();
  change(7);
  await turn();
  expect([ear.heard.length, ear.ended, reads.length]).toEqual([1, 1, 1]);
});

test('while nothing can be read all orders rest, which is told once, and then all are read', async () => {
  const [ear, other] = [new Ear(), new Ear()];
  away = true;
  feed.watch(7, ear);
  await turn();
  feed.watch(8, other);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([ear.heard, other.heard, troubles]).toEqual([[], [], ['away']]);
  // Both, each half second.
  expect(reads.length).toBeLessThanOrEqual(22);
  away = false;
  await vi.advanceTimersByTimeAsync(500);
  expect([ear.heard, other.heard]).toEqual([['order 7: 1'], ['order 8: 1']]);
  expect(troubles).toEqual(['away']);
});

test('one order that cannot be read rests alone, longer each time and up to a minute, and is told once', async () => {
  const [ear, other] = [new Ear(), new Ear()];
  broken = 7;
  feed.watch(7, ear);
  await turn();
  feed.watch(8, other);
  await turn();
  expect(other.heard).toEqual(['order 8: 1']);
  // It changes all the time, and is not read for that.
  for (let seconds = 0; seconds < 600; seconds += 1) {
    change(7);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  // After 0.5, 1, 2, 4, 8, 16, 32 and then each 60 seconds.
  expect(reads.filter((orderId) => orderId === 7)).toHaveLength(1 + 7 + 8);
  expect(troubles).toEqual(['broken']);
  broken = undefined;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ear.heard).toEqual(['order 7: 601']);
});

test('what time alone changes is read again at that time, and the last message ends it', async () => {
  const ear = new Ear();
  changesInMs = 30_000;
  feed.watch(7, ear);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(reads).toEqual([7]);
  [revision, final, changesInMs] = [2, true, null];
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ear.heard, ear.ended]).toEqual([['order 7: 1', 'order 7: 2'], 1]);
});

test('nobody is waited for who has left', async () => {
  const ear = new Ear();
  changesInMs = 30_000;
  feed.watch(7, ear);
  await turn();
  feed.unwatch(7, ear);
  expect(vi.getTimerCount()).toBe(0);
});

test('a few orders are read at once, and each in its turn', async () => {
  held = [];
  const ears = Array.from({ length: 20 }, () => new Ear());
  for (const [orderId, ear] of ears.entries()) feed.watch(orderId, ear);
  expect(reads).toHaveLength(4);
  while (held.length > 0) await release();
  expect(ears.every(({ heard }) => heard.length === 1)).toBe(true);
});

test('a feed that is closed has ended everybody, and ends whoever comes', async () => {
  const [ear, late] = [new Ear(), new Ear()];
  feed.watch(7, ear);
  feed.close();
  feed.watch(7, late);
  await turn();
  expect([ear.ended, late.ended, late.heard]).toEqual([1, 1, []]);
});

test('who has left hears nothing', async () => {
  const ear = new Ear();
  feed.watch(7, ear);
  feed.unwatch(7, ear);
  await turn();
  expect(ear.heard).toEqual([]);
});
