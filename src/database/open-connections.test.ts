import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { OpenConnections } from './open-connections.ts';

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const authenticated = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]);
const setting = message('S', Buffer.from('name\0value\0'));

test('the connections from which nothing comes are closed, and no other', async () => {
  // It lets everybody in, and then goes on talking to one client only.
  const talking: NodeJS.Timeout[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (startUp) => {
      socket.write(authenticated);
      if (startUp.includes('answered')) talking.push(setInterval(() => socket.write(setting), 500));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connections = new OpenConnections();
  const open = async (name: string): Promise<Client> => {
    const { port } = server.address() as AddressInfo;
    const client = new Client({ host: '127.0.0.1', port, user: 'nobody', application_name: name });
    client.on('error', () => undefined);
    connections.add(client);
    await client.connect();
    return client;
  };
  const [answered, hanging] = [await open('answered'), await open('hanging')];
  connections.closeSilent();
  connections.closeSilent();
  const later = await open('opened later');
  await new Promise((resolve) => hanging.once('end', resolve));
  expect([answered, hanging, later].map(({ connection }) => connection.stream.destroyed)).toEqual([
    false,
    true,
    false,
  ]);

  for (const timer of talking) clearInterval(timer);
  for (const client of [answered, later]) client.connection.stream.destroy();
  server.close();
});
