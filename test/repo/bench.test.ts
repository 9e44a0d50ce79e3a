import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Comparison, storeNames } from '../../bench/comparison.ts';
import { readOptions, scenarios } from '../../bench/options.ts';
import type { Report } from '../../bench/report.ts';
import { StartError } from '../../src/shared/program.ts';

// Checks that the benchmark works and counts correctly. A shared machine cannot check how fast the shop is.

const silenceLimitMs = 120_000;
const timeLimitMs = 1_800_000;

let resultsDir: string;

beforeAll(async () => {
  resultsDir = await mkdtemp(path.join(tmpdir(), 'holdfast-results-'));
});

afterAll(() => rm(resultsDir, { recursive: true, force: true }));

/** Runs `npm run bench` with a Postgres of its own, and ends it when it reports no progress for two minutes. */
async function runBench(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  // A process group of its own, because npm passes no signals on.
  const child = spawn('npm', ['run', 'bench', '--', ...args], {
    env: { ...process.env, DATABASE_URL: '' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGTERM'), silenceLimitMs);
  child.stderr.on('data', () => timer.refresh());
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  clearTimeout(timer);
  return { code, output: stdout + stderr };
}

test('npm run bench -- --quick measures the shop, both baselines and every scenario', {
  // It takes both processors for minutes.
  timeout: timeLimitMs,
  tags: ['slow'],
}, async () => {
  const { code, output } = await runBench(['--statements', '--quick', '--results', resultsDir]);
  expect(code, output).toBe(0);

  const files = (await readdir(resultsDir)).toSorted();
  expect(files.map((file) => path.extname(file))).toEqual(['.json', '.svg']);
  const [json = '', svg = ''] = await Promise.all(
    files.map((file) => readFile(path.join(resultsDir, file), 'utf8')),
  );
  const report = JSON.parse(json) as Report;
  expect(report.postgres).toMatchObject({ fsync: 'on', synchronous_commit: 'on' });
  expect(Object.keys(report.scenarios)).toEqual(scenarios.map(({ name }) => name));
  for (const { name, title } of scenarios) {
    expect(output).toContain(title);
    expect(numbersIn(report.scenarios[name]), name).not.toHaveLength(0);
  }
  // NaN becomes null in JSON.
  expect(json).not.toContain(': null');
  expect(output).toContain('SQL statements per order');
  expect(output).toContain('Calls and ms of execution per order');
  expect(faultOf(svg)).toBeUndefined();
  expect(svg).toContain(report.commit);
  expect(report.comparison).toBeDefined();
  if (report.comparison) expectAllFigures(report.comparison);
});

function expectAllFigures({ levels, idle, statements, ledgers }: Comparison): void {
  expect(levels.map(({ buyers }) => buyers)).toEqual([1, 16, 64]);
  expect(idle.holdfast.statements_per_second).toBeGreaterThan(0);
  for (const { buyers, stores, ratios } of levels) {
    expect(Math.min(...numbersIn(ratios))).toBeGreaterThan(0);
    for (const name of storeNames) {
      const { rounds, figures } = stores[name];
      const level = `${name}, ${buyers} buyers`;
      expect(rounds, level).toHaveLength(1);
      expect(figures.orders_per_second_dispatched.median, level).toBeGreaterThan(0);
      expect(figures.orders_per_second.median, level).toBeGreaterThan(
        figures.orders_per_second_dispatched.median,
      );
      expect(figures.checkout_p50_ms.median, level).toBeGreaterThan(0);
      expect(figures.webhook_p50_ms.median, level).toBeGreaterThan(0);
      expect(figures.store_rss_bytes.median, level).toBeGreaterThan(10_000_000);
      // At least the checkout, the payment and the dispatch write.
      expect(figures.writes_per_order.median, level).toBeGreaterThan(2.5);
    }
    // Two statements for the checkout, one for the payment, one for the dispatch.
    expect(stores.plain_sql.figures.statements_per_order.median).toBeCloseTo(4, 1);
    // 13 transactions with a checkpoint each, ten sleeps, and a dozen other steps.
    expect(stores.tutorial.figures.commits_per_order.median).toBeGreaterThan(40);
    expect(stores.tutorial.figures.commits_per_order.median).toBeLessThan(55);
  }
  for (const name of storeNames) {
    expect(statements[name][0]?.calls_per_order, name).toBeGreaterThan(0);
    const { orders, dispatched, settled, balanced } = ledgers[name];
    expect(orders, name).toBeGreaterThan(0);
    expect({ dispatched, settled, balanced }).toEqual({
      dispatched: orders,
      settled: orders,
      balanced: true,
    });
  }
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** @returns the first error that makes a chart malformed XML. Knows elements, attributes and texts. */
function faultOf(xml: string): string | undefined {
  const open: string[] = [];
  const tags = /<(\/?)([a-z]+)((?: +[a-zA-Z][a-zA-Z0-9:-]*="(?:[^"<&]|&[a-z]+;)*")*) *(\/?)>/g;
  for (const [, closing, name = '', , empty] of xml.matchAll(tags)) {
    if (closing === '/' && open.pop() !== name) return `</${name}> closes something else.`;
    if (closing === '' && empty === '') open.push(name);
  }
  if (open.length > 0) return `<${open.join('> <')}> stay open.`;
  return /<|&(?!(?:amp|lt|gt);)/.exec(xml.replaceAll(tags, ''))?.[0];
}

test('readOptions, given an unknown part, lists the known parts', () => {
  const read = (only: string) => readOptions(['--only', only], resultsDir);
  expect(read('flash').only).toBe('flash');
  expect(() => read('nothing')).toThrow(StartError);
  expect(() => read('nothing')).toThrow('levels, hot, history, waiting, recovery, streams, flash');
});

test('readOptions accepts 1 to 100 rounds', () => {
  const read = (rounds: string) => readOptions(['--rounds', rounds], resultsDir);
  expect(read('3').rounds).toBe(3);
  for (const rounds of ['0', '1.5', '101', 'many']) expect(() => read(rounds)).toThrow(StartError);
});
