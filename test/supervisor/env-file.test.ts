// @module-tag slow
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { choosePlaces } from '../support/settings.ts';
import { waitFor } from '../support/wait.ts';

// The settings of each program in a file `.env`.

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-env-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Starts a built program in the folder, with nothing in its environment but `env`. */
function start(program: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [path.join(dist, program)], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, ended };
}

test('main.js, started alone, takes its settings from .env, and the environment wins', async () => {
  const database = await createTestDatabase();
  const { shopEnv, shopUrl } = await choosePlaces({ shop: database.url, payments: database.url });
  const settings = { ...shopEnv, PUBLIC_URL: 'http://from.file' };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(folder, '.env'), lines.join(''));
  const shop = start('main.js', { PUBLIC_URL: shopUrl });
  try {
    await waitFor(
      'the address',
      async () => shop.output(),
      (text) => text.includes(`The shop answers at ${shopUrl}\n`),
    );
    expect((await fetch(`${shopUrl}/readyz`)).status).toBe(200);
  } finally {
    shop.child.kill('SIGTERM');
    expect(await shop.ended).toBe(0);
    await database.drop();
  }
});

test.each(['main.js', 'supervisor.js', 'migrate.js', 'stripe-simulator/main.js'])(
  '%s stops at a malformed line of .env',
  async (program) => {
    await writeFile(path.join(folder, '.env'), 'PORT=3000\nDATABASE_URL postgres://localhost\n');
    const { ended, output } = start(program);
    expect(await ended).toBe(1);
    expect(output()).toBe('.env, line 2: expected NAME=value or # comment.\n');
  },
);

test.each(['main.js', 'stripe-simulator/main.js'])(
  '%s, started by the supervisor, ignores .env',
  async (program) => {
    await writeFile(path.join(folder, '.env'), 'DATABASE_URL postgres://localhost\n');
    const child = fork(path.join(dist, program), { cwd: folder, env: {}, silent: true });
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output).toContain('DATABASE_URL: is missing');
  },
);
