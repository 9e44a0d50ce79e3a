import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isPostgresAway } from '../shared/outage.ts';
import { keepConnected } from './keep-connected.ts';

test('every failure of an outage is passed on, and the first one is reported', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [failures, troubles]: [unknown[], unknown[]] = [[], []];
  const closing = new AbortController();
  await keepConnected(
    {
      databaseUrl: `postgres://nobody@127.0.0.1:${port}/nowhere`,
      name: 'test',
      use: () => Promise.reject(new Error('It never connects.')),
      onTrouble: (error) => troubles.push(error),
      onFailure: (error) => {
        failures.push(error);
        if (failures.length === 3) closing.abort();
      },
    },
    closing.signal,
  );
  expect(failures.map(isPostgresAway)).toEqual([true, true, true]);
  expect(troubles).toEqual(failures.slice(0, 1));
  server.close();
});
