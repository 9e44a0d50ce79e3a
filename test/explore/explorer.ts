import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromiumOptions } from '../support/chromium.ts';
import type { Gateway } from './gateway.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const specification = './test/explore/specification.ts';
const bombadil = 'node_modules/.bin/bombadil';

/** One state of a page that the explorer saw. */
export interface Seen {
  readonly url: string;
  readonly action: unknown;
  /** The values of the specification's extractors, by name. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly violations: readonly string[];
}

/** A run of the explorer. */
export interface Exploration {
  /** 0 without a violation, 2 with one, 1 when the explorer itself failed. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly seen: readonly Seen[];
}

/**
 * Runs Bombadil in a Chromium of its own.
 * @param traceFolder receives the trace, with pictures; `bombadil browser inspect` shows it
 */
export async function explore(
  gateway: Gateway,
  {
    start,
    seconds,
    traceFolder,
  }: { readonly start: string; readonly seconds: number; readonly traceFolder: string },
): Promise<Exploration> {
  const browser = await startBrowser(gateway);
  try {
    const parameters = [
      ['browser', 'test-external', '--create-target'],
      ['--remote-debugger', browser.address],
      ['--time-limit', `${seconds}s`],
      ['--output-path', traceFolder],
      // Nearly every page fits, so the explorer hardly needs to scroll.
      ['--width', '1280', '--height', '2400'],
      // The scripts run as they are.
      ['--instrument-javascript', ''],
      [start, specification],
    ];
    const explorer = spawn(bombadil, parameters.flat(), {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // It warns of each message that a newer Chromium sends.
      env: { ...process.env, RUST_LOG: 'error' },
    });
    const output = collected(explorer);
    const [exitCode] = (await once(explorer, 'close')) as [number | null];
    return { exitCode, output: output(), seen: await readTrace(traceFolder) };
  } finally {
    await browser.close();
  }
}

/** A Chromium that another program drives over a port. */
async function startBrowser({
  resolverRules,
}: Gateway): Promise<{ address: string; close: () => Promise<void> }> {
  const { executablePath = '', args = [] } = await chromiumOptions();
  const profile = await mkdtemp(path.join(tmpdir(), 'holdfast-explorer-'));
  // A colour that is still changing has no contrast yet.
  const still = '--force-prefers-reduced-motion';
  const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, still];
  const child = spawn(executablePath, [...args, ...own, `--host-resolver-rules=${resolverRules}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await rm(profile, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stderr)) {
    const [, port] = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line) ?? [];
    if (port === undefined) continue;
    child.stderr.resume();
    return { address: `http://127.0.0.1:${port}`, close };
  }
  await close();
  throw new Error('Chromium ended at its start.');
}

const outputCharsMax = 50_000;

function collected({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-outputCharsMax)));
  }
  return () => text;
}

interface TraceEntry {
  readonly state: { readonly url: string };
  readonly action: unknown;
  readonly snapshots: readonly { readonly name: string | null; readonly value: unknown }[];
  readonly violations: readonly { readonly name: string }[];
}

async function readTrace(folder: string): Promise<Seen[]> {
  const text = await readFile(path.join(folder, 'trace.jsonl'), 'utf8').catch(() => '');
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceEntry);
  return entries.map(({ state, action, snapshots, violations }) => ({
    url: state.url,
    action,
    values: Object.fromEntries(snapshots.map(({ name, value }) => [name ?? '', value])),
    violations: violations.map(({ name }) => name),
  }));
}
