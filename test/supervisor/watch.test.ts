// @module-tag slow
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reservePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

// `npm run dev` in a copy of the project.

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const restarted = 'shop-0 ended (exit code 0), starting it again\n';
let folder: string;
let root: string;
let shopUrl: string;
let output = '';
let dev: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-watch-'));
  await chmod(folder, 0o755);
  // In a folder directly below /tmp, TypeScript does not watch src: it is too near to the root of the file system.
  root = path.join(folder, 'project');
  for (const part of [
    'build.mjs',
    'dist',
    'migrations',
    'package.json',
    'public',
    'src',
    'tsconfig.dev.json',
    'tsconfig.json',
  ]) {
    await cp(path.join(projectRoot, part), path.join(root, part), { recursive: true });
  }
  await symlink(path.join(projectRoot, 'node_modules'), path.join(root, 'node_modules'));
  const port = await reservePort();
  shopUrl = `http://127.0.0.1:${port}`;
  dev = spawn('npm', ['run', 'dev'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      PAYMENT_SERVICE_PORT: String(await reservePort()),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own receives the Ctrl-C.
    detached: true,
  });
  for (const stream of [dev.stdout, dev.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await printed('Holdfast is open');
});

afterAll(async () => {
  if (dev.exitCode === null && dev.signalCode === null) await pressCtrlC();
  await rm(folder, { recursive: true, force: true });
});

async function pressCtrlC(): Promise<void> {
  const ended = once(dev, 'close');
  process.kill(-(dev.pid ?? 0), 'SIGINT');
  await ended;
}

/** Waits until the output since the last call contains a text, and returns that output. */
async function printed(text: string): Promise<string> {
  await waitFor(
    `"${text}"`,
    async () => output,
    (all) => all.includes(text),
  );
  const seen = output;
  output = '';
  return seen;
}

async function health(): Promise<number> {
  const response = await fetch(`${shopUrl}/healthz`).catch(() => undefined);
  return response?.status ?? 0;
}

test('npm run dev restarts the shop after a change, keeps it running during a build error, and ends in order', async () => {
  const source = path.join(root, 'src', 'migrate.ts');
  const correct = await readFile(source, 'utf8');
  const built = await readFile(path.join(root, 'dist', 'migrate.js'), 'utf8');

  await appendFile(source, "export const wrong: number = 'text';\n");
  expect(await printed('Found 1 error')).toContain('TS2322');
  expect(await readFile(path.join(root, 'dist', 'migrate.js'), 'utf8')).toBe(built);
  expect(await health()).toBe(200);

  await writeFile(source, `${correct}\nprocess.exitCode = 0;\n`);
  const afterCorrection = await printed(restarted);
  expect(afterCorrection.indexOf('Starting incremental')).toBeLessThan(afterCorrection.indexOf(restarted));
  await waitFor('the restarted shop', health, (status) => status === 200);

  await appendFile(path.join(root, 'public', 'assets', 'css', 'base.css'), '\n');
  await printed(restarted);
  // Before it answers, a Ctrl-C ends it at once, and the supervisor may report that before it stops itself.
  await waitFor('the restarted shop', health, (status) => status === 200);

  await pressCtrlC();
  expect(output).toContain('Stopping …');
  expect(output).not.toContain('starting it again');
});
