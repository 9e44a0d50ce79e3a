import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventReader } from '../../../test/support/event-reader.ts';
import { waitFor } from '../../../test/support/wait.ts';
import { limitTime } from '../limits.ts';
import { type EventStream, EventStreams, formatEvent } from './event-streams.ts';

const handlerTimeoutMs = 50;
let server: FastifyInstance;
let streams: EventStreams;
let url: string;
const opened: EventStream[] = [];
const closed: EventStream[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  streams = new EventStreams({ perAddress: 3, inAll: 2 });
  server = Fastify();
  limitTime(server, handlerTimeoutMs);
  server.get('/', async (_request, reply) => {
    const stream = streams.open(reply);
    opened.push(stream);
    stream.onClose(() => closed.push(stream));
  });
  server.addHook('preClose', async () => {
    streams.close();
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  vi.useRealTimers();
  opened.length = 0;
  closed.length = 0;
  await server.close();
});

const event = (id: number, data: string) => formatEvent({ id: String(id), event: 'order', data });
// More than the few megabytes that the system buffers for a reader that is paused.
const moreThanFits = event(1, 'x'.repeat(20_000_000));
const received = (reader: EventReader) => reader.events.map(({ id }) => Number(id));

test('a stream continues after the time limit of handlers', async () => {
  const reader = await EventReader.open(url);
  await pause(handlerTimeoutMs * 3);
  opened[0]?.send(event(1, 'late'));
  await waitFor(
    'the event',
    () => reader.events,
    ({ length }) => length === 1,
  );
  expect(reader.ended).toBe(false);
});

test('the data of an event keeps its lines, with every kind of line break', async () => {
  expect(formatEvent({ id: '7', event: 'order', data: 'a\nid: 9\r\nb\rc' })).toBe(
    'id: 7\nevent: order\ndata: a\ndata: id: 9\ndata: b\ndata: c\n\n',
  );
});

test('a quiet stream sends heartbeats as events, which scripts can see', async () => {
  const reader = await EventReader.open(url);
  vi.advanceTimersByTime(40_000);
  await waitFor(
    'two heartbeats',
    () => reader.rest,
    (rest) => rest.filter((text) => text === 'event: heartbeat\ndata: on').length === 2,
  );
});

test('a slow reader gets the newest message, and the messages that it missed are not buffered', async () => {
  const reader = await EventReader.open(url);
  reader.pause();
  const count = 2_000;
  const before = process.memoryUsage().rss;
  for (let id = 1; id <= count; id += 1) {
    opened[0]?.send(event(id, 'x'.repeat(100_000)));
    if (id % 100 === 0) await pause(1);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  opened[0]?.end();
  reader.resume();
  await waitFor('the end', () => reader.ended, Boolean);
  const ids = received(reader);
  expect(ids.at(-1)).toBe(count);
  expect(ids.length).toBeLessThan(count / 4);
});

test('a reader that stops reading is disconnected', async () => {
  const reader = await EventReader.open(url);
  reader.pause();
  opened[0]?.send(moreThanFits);
  await pause(20);
  vi.advanceTimersByTime(20_000);
  expect(closed).toHaveLength(0);
  vi.advanceTimersByTime(20_000);
  await waitFor(
    'its end',
    () => closed,
    ({ length }) => length === 1,
  );
});

test('the process has a limit of streams, and a stream that ends makes room', async () => {
  const readers = [await EventReader.open(url), await EventReader.open(url)];
  const refused = await EventReader.open(url);
  expect(refused.status).not.toBe(200);
  expect(refused.headers['retry-after']).toBe('10');
  readers[0]?.close();
  await waitFor(
    'room',
    () => closed,
    ({ length }) => length === 1,
  );
  expect((await EventReader.open(url)).status).toBe(200);
});

test('a server closes in spite of a reader that has stopped reading', async () => {
  const [reading, paused] = [await EventReader.open(url), await EventReader.open(url)];
  paused.pause();
  opened[1]?.send(moreThanFits);
  await pause(20);
  const began = performance.now();
  await server.close();
  expect(performance.now() - began).toBeLessThan(1_000);
  await waitFor('the end', () => reading.ended, Boolean);
});
