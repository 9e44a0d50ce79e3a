import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { createFixture, type Fixture, removeFixture, startSupervisor } from './fixture.ts';

// Starts with settings that are unusual, and with settings that are refused.

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(
  settings: Readonly<Record<string, string>>,
  change: (fixture: Fixture) => object = () => ({}),
) {
  const fixture = await createFixture();
  closing.push(() => removeFixture(fixture));
  const supervisor = startSupervisor(fixture, { ...settings, ...change(fixture) });
  closing.push(async () => {
    try {
      process.kill(supervisor.pid, 'SIGTERM');
    } catch {
      // It has ended.
    }
    await supervisor.ended();
  });
  return { fixture, supervisor };
}

test('on another loopback address, with variables of another Postgres and a strange folder, an order can be paid', async () => {
  const { fixture, supervisor } = await start(
    {
      HOST: '127.0.0.2',
      PGSSLMODE: 'prefer',
      PGHOST: 'elsewhere.example',
      PGOPTIONS: '-c nonsense=1',
      PGCLIENTENCODING: 'latin1',
    },
    ({ folder }) => ({ DATA_DIR: path.join(folder, `it's 100% (odd) & ok`) }),
  );
  await supervisor.open();
  const shopUrl = `http://127.0.0.2:${fixture.port}`;
  expect(supervisor.output()).toContain(shopUrl);
  const checkout = await fetch(`${shopUrl}/checkout/on-another-address`, { method: 'POST' });
  const session = await checkout.text();
  expect(checkout.status).toBe(200);
  await fetch(`${shopUrl}/payment_webhook/${session}/paid`, { method: 'POST' });
  await waitFor(
    'the payment',
    async () => (await fetch(`${shopUrl}/order/1`)).json() as Promise<{ status: string }>,
    ({ status }) => status === 'paid' || status === 'dispatched',
  );
});

test.each([
  [{ HOST: '0.0.0.0' }, 'OPERATOR_TOKEN: is missing. With HOST=0.0.0.0'],
  [{ PUBLIC_URL: 'https://shop.example' }, 'TRUST_PROXY: is missing'],
  [
    {
      PAYMENT_PROVIDER: 'stripe',
      STRIPE_SECRET_KEY: 'sk_live_51HxyzAbCdEf',
      STRIPE_WEBHOOK_SECRET: 'whsec_Zq81LmNopQrs',
      PUBLIC_URL: 'https://shop.example',
      TRUST_PROXY: '1',
    },
    'STRIPE_SECRET_KEY: is a live key',
  ],
])('%o does not start', async (settings, message) => {
  const { supervisor } = await start(settings);
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain('These settings need attention');
  expect(supervisor.output()).toContain(message);
  expect(supervisor.output()).not.toContain('sk_live');
});

test('a demonstration that a setting opens to everybody says so', { tags: ['slow'] }, async () => {
  const { supervisor } = await start({ PUBLIC_URL: 'http://shop.example', OPERATOR_ACCESS: 'open' });
  await supervisor.open();
  await waitFor(
    'the summary',
    async () => supervisor.output(),
    (text) => text.includes('Ctrl-C stops it'),
  );
  expect(supervisor.output()).toContain('OPERATOR_ACCESS=open');
});

test('a data folder that a shell would read is refused before anything is created', async () => {
  const { fixture, supervisor } = await start({}, ({ folder }) => ({ DATA_DIR: path.join(folder, '$HOME') }));
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain('DATA_DIR: Postgres cannot use the folder');
  expect(await readdir(fixture.folder)).toEqual([]);
});

test('the payment service takes another port when its own is that of the shop', {
  tags: ['slow'],
}, async () => {
  const { supervisor } = await start({ PORT: '8086', PAYMENT_SERVICE_PORT: '' });
  await supervisor.open();
  expect(supervisor.output()).toContain('PAYMENT_SERVICE_PORT 8086 is taken by the shop, taking ');
});

test('a port that another program has in the other address family is taken', async () => {
  const other = createServer();
  const { supervisor, fixture } = await start({}, ({ port }) => {
    other.listen(port, '::1');
    return {};
  });
  closing.push(() => once(other.close(), 'close'));
  expect(await supervisor.ended()).toBe(1);
  expect(supervisor.output()).toContain(`PORT ${fixture.port} is taken by another program on ::1`);
});

test('the payment service takes another port when its own is taken in the other address family', {
  tags: ['slow'],
}, async () => {
  const other = createServer();
  const { supervisor, fixture } = await start({}, ({ paymentPort }) => {
    other.listen(paymentPort, '::1');
    return {};
  });
  closing.push(() => once(other.close(), 'close'));
  await supervisor.open();
  expect(supervisor.output()).toContain(
    `PAYMENT_SERVICE_PORT ${fixture.paymentPort} is taken by another program on ::1, taking `,
  );
});
