import { expect, test } from 'vitest';
import { clientHashesOf } from './clients.ts';

const secret = 'a-secret-of-the-test';
const client = { network: '203.0.113.7', browserId: 'A'.repeat(22) };

test('a client has a hash of its network, its browser and its e-mail address, as far as they are known', () => {
  expect(new Set(clientHashesOf(secret, client, 'ada@reader.example')).size).toBe(3);
  expect(clientHashesOf(secret, { ...client, browserId: null }, null)).toHaveLength(1);
  for (const hash of clientHashesOf(secret, client, null)) expect(hash).toMatch(/^[\w-]{22}$/);
});

test('equal values of two kinds have two hashes, and each secret has its own', () => {
  const [network, browser] = clientHashesOf(secret, { network: 'same', browserId: 'same' }, null);
  expect(network).not.toBe(browser);
  expect(clientHashesOf('another-secret', client, null)).not.toEqual(clientHashesOf(secret, client, null));
});

test('the case of an e-mail address makes no other client', () => {
  const hashes = ['ada@reader.example', 'Ada@Reader.example'].map((email) =>
    clientHashesOf(secret, client, email).at(-1),
  );
  expect(hashes[0]).toBe(hashes[1]);
});
