import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../bench/report.ts';

// Shows that the benchmark still works and counts. How fast the shop is, no test on a shared machine can judge.

const timeLimitMs = 120_000;

let resultsDir: string;

beforeAll(async () => {
  resultsDir = await mkdtemp(path.join(tmpdir(), 'holdfast-results-'));
});

afterAll(() => rm(resultsDir, { recursive: true, force: true }));

/** Runs `npm run bench` as a person does, with a Postgres of its own. */
async function runBench(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, DATABASE_URL: '' };
  // A group of its own: npm passes no signals on, so the whole group is told when time is up.
  const child = spawn('npm', ['run', 'bench', '--', ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const tooLate = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGTERM'), timeLimitMs);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  clearTimeout(tooLate);
  return { code, output: stdout + stderr };
}

test('the benchmark, run quickly, gives every figure at every level', {
  timeout: timeLimitMs * 1.2,
}, async () => {
  const { code, output } = await runBench(['--quick', '--results', resultsDir]);
  expect(code, output).toBe(0);
  expect(output).toContain('SQL statements per order');

  const files = await readdir(resultsDir);
  expect(files).toHaveLength(1);
  const report = JSON.parse(await readFile(path.join(resultsDir, files[0] ?? ''), 'utf8')) as Report;
  expect(report.postgres).toMatchObject({ fsync: 'on', synchronous_commit: 'on' });
  expect(report.at_rest.statements_per_second).toBeGreaterThan(0);

  expect(report.levels.map(({ buyers }) => buyers)).toEqual([1, 16, 64]);
  for (const { buyers, rounds, figures } of report.levels) {
    expect(rounds, `${buyers} buyers`).toHaveLength(1);
    const { asked_again: _, ...positive } = figures;
    for (const [name, { median }] of Object.entries(positive)) {
      expect(median, `${name} of ${buyers} buyers`).toBeGreaterThan(0);
    }
    expect(figures.checkout_p99_ms.median).toBeGreaterThanOrEqual(figures.checkout_p50_ms.median);
    // A checkout, a payment and a dispatch each begin and commit something.
    expect(figures.statements_per_order.median).toBeGreaterThan(figures.begin_and_commit_per_order.median);
    expect(figures.commits_per_order.median).toBeGreaterThan(3);
  }

  const { orders, dispatched, settled, balanced } = report.books;
  expect(orders).toBeGreaterThan(0);
  expect({ dispatched, settled, balanced }).toEqual({ dispatched: orders, settled: orders, balanced: true });
});
