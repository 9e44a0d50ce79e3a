import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

test('a listener closes at once while its connection is being made', async () => {
  // It accepts a connection and never answers.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const troubles: unknown[] = [];
  const listener = listen({
    databaseUrl: `postgres://nobody@127.0.0.1:${port}/nowhere`,
    channel: 'order_changed',
    onNotice: () => undefined,
    onListening: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const began = performance.now();
  await listener.close();
  expect(performance.now() - began).toBeLessThan(500);
  expect(troubles).toEqual([]);
  socket.destroy();
  server.close();
});
