import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

test('an ear that is closed while its connection is being made keeps nobody waiting', async () => {
  // It accepts a connection and never says a word.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const troubles: unknown[] = [];
  const ear = listen({
    databaseUrl: `postgres://nobody@127.0.0.1:${port}/nowhere`,
    channel: 'order_changed',
    onNotice: () => undefined,
    onListening: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const began = performance.now();
  await ear.close();
  expect(performance.now() - began).toBeLessThan(500);
  expect(troubles).toEqual([]);
  socket.destroy();
  server.close();
});
