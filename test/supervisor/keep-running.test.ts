import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KeptProcess } from '../../src/supervisor/keep-running.ts';
import { waitFor } from '../support/wait.ts';

// Programs of a few lines, because a real one cannot be made to die like this.

const never = new AbortController().signal;
const programs = {
  failing: `process.exit(3)`,
  dyingYoung: `process.send('ready', () => process.exit(4))`,
  ignoring: `process.on('SIGTERM', () => {}); process.on('disconnect', () => process.exit()); process.send('ready');`,
  polite: `process.on('SIGTERM', () => process.exit()); process.on('disconnect', () => process.exit()); process.send('ready');`,
};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-keep-'));
  for (const [name, source] of Object.entries(programs)) {
    await writeFile(path.join(folder, `${name}.mjs`), source);
  }
});

afterAll(() => rm(folder, { recursive: true }));

function keep(
  program: keyof typeof programs,
  stopping = never,
): { kept: KeptProcess; lines: string[]; starts: () => number } {
  const lines: string[] = [];
  let starts = 0;
  const kept = new KeptProcess({
    name: 'It',
    log: (line) => lines.push(line),
    stopping,
    // However slowly the machine starts a program.
    youngMs: 60_000,
    spawn: () => {
      starts += 1;
      return fork(path.join(folder, `${program}.mjs`), { execArgv: [], stdio: 'ignore' });
    },
  });
  return { kept, lines, starts: () => starts };
}

test('a program that never becomes ready is given up after three attempts', async () => {
  const { kept, starts } = keep('failing');
  await expect(kept.ready).rejects.toThrow('It does not start: it ended 3 times (exit code 3)');
  expect(starts()).toBe(3);
  await kept.stop(100, never);
});

test('a program that keeps dying young is started again at once, and then after longer and longer pauses', async () => {
  const { kept, lines } = keep('dyingYoung');
  await kept.ready;
  await waitFor(
    'the fourth start',
    () => Promise.resolve(lines.length),
    (count) => count >= 4,
  );
  await kept.stop(100, never);
  expect(lines.slice(0, 4)).toEqual([
    'It ended (exit code 4), starting it again',
    'It ended (exit code 4), starting it again in 0.1 s',
    'It ended (exit code 4), starting it again in 0.2 s',
    'It ended (exit code 4), starting it again in 0.4 s',
  ]);
});

test('a restart ends the program and starts it again', async () => {
  const { kept, starts } = keep('polite');
  await kept.ready;
  kept.restart();
  await waitFor(
    'the second start',
    () => Promise.resolve(starts()),
    (count) => count === 2,
  );
  await kept.stop(5_000, never);
  expect(starts()).toBe(2);
});

test('a program that ends while everything is being stopped is not restarted', async () => {
  const stopping = new AbortController();
  const { kept, lines, starts } = keep('polite', stopping.signal);
  await kept.ready;
  stopping.abort();
  kept.restart();
  await kept.stop(5_000, never);
  expect(lines).toEqual([]);
  expect(starts()).toBe(1);
});

test('a program that ignores SIGTERM is killed after the grace, or at once when the end is forced', async () => {
  const slow = keep('ignoring');
  await slow.kept.ready;
  await slow.kept.stop(200, never);

  const forced = keep('ignoring');
  await forced.kept.ready;
  await forced.kept.stop(60_000, AbortSignal.timeout(100));
  expect(forced.lines).toEqual([]);
});
