import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Comparison, subjectNames } from '../../bench/comparison.ts';
import { readOptions, UsageError } from '../../bench/options.ts';
import type { Report } from '../../bench/report.ts';
import { scenarios } from '../../bench/scenarios/list.ts';

// Shows that the benchmark still works and counts. How fast the shop is, no test on a shared machine can judge.

const timeLimitMs = 300_000;

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

test('the benchmark, run quickly, gives every figure of the shop and both baselines, and every scenario', {
  timeout: timeLimitMs * 1.2,
}, async () => {
  const { code, output } = await runBench(['--quick', '--statements', '--results', resultsDir]);
  expect(code, output).toBe(0);
  expect(output).toContain('SQL statements per order');
  expect(output).toContain('Calls and ms of execution per order');

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
  // JSON has no word for a figure that is none: it would be null.
  expect(json).not.toContain(': null');
  expect(faultOf(svg)).toBeUndefined();
  expect(svg).toContain(report.commit);
  expect(report.comparison).toBeDefined();
  if (report.comparison) expectAllFigures(report.comparison);
});

function expectAllFigures({ levels, at_rest, statements, books }: Comparison): void {
  expect(levels.map(({ buyers }) => buyers)).toEqual([1, 16, 64]);
  expect(at_rest.holdfast.statements_per_second).toBeGreaterThan(0);
  for (const { buyers, subjects, ratios } of levels) {
    expect(Math.min(...numbersIn(ratios))).toBeGreaterThan(0);
    for (const name of subjectNames) {
      const { rounds, figures } = subjects[name];
      const level = `${name}, ${buyers} buyers`;
      expect(rounds, level).toHaveLength(1);
      expect(figures.orders_per_second_dispatched.median, level).toBeGreaterThan(0);
      expect(figures.orders_per_second.median, level).toBeGreaterThan(
        figures.orders_per_second_dispatched.median,
      );
      expect(figures.checkout_p50_ms.median, level).toBeGreaterThan(0);
      expect(figures.webhook_p50_ms.median, level).toBeGreaterThan(0);
      expect(figures.store_rss_bytes.median, level).toBeGreaterThan(10_000_000);
      // A checkout, a payment and a dispatch change something each.
      expect(figures.writes_per_order.median, level).toBeGreaterThan(2.5);
    }
    // Known beforehand: two statements for the checkout, one for the payment, one for the dispatch.
    expect(subjects.plain_sql.figures.statements_per_order.median).toBeCloseTo(4, 1);
    // Of 13 transactions with a checkpoint each, ten sleeps, and a dozen steps of other kinds.
    expect(subjects.tutorial.figures.commits_per_order.median).toBeGreaterThan(40);
    expect(subjects.tutorial.figures.commits_per_order.median).toBeLessThan(55);
  }
  for (const name of subjectNames) {
    expect(statements[name][0]?.calls_per_order, name).toBeGreaterThan(0);
    const { orders, dispatched, settled, balanced } = books[name];
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

/** What keeps a text from being well-formed XML, as far as a chart needs it: elements, attributes, texts. */
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

test('the benchmark, asked for a part that it does not have, names those that it has', () => {
  const read = (only: string) => readOptions(['--only', only], resultsDir, ['flash']);
  expect(read('flash').only).toBe('flash');
  expect(() => read('nothing')).toThrow(UsageError);
  expect(() => read('nothing')).toThrow('levels, flash');
});

test('the benchmark runs as many rounds as it is told, and not without end', () => {
  const read = (rounds: string) => readOptions(['--rounds', rounds], resultsDir, []);
  expect(read('3').rounds).toBe(3);
  for (const rounds of ['0', '1.5', '101', 'many']) expect(() => read(rounds)).toThrow(UsageError);
});
