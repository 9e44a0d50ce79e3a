import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Ended, runCommand } from './command.ts';
import type { Sandbox } from './sandbox.ts';

/** The part of vitest's report that we read. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** `broken`: the tests could not run, so nothing is known. */
export type Outcome =
  | { readonly result: 'passed'; readonly tests: number }
  | { readonly result: 'failed'; readonly test: string; readonly why: string }
  | { readonly result: 'broken'; readonly why: string };

const reportFile = 'mutants-report.json';
// A mutant may keep a test waiting for ever, so a test gives up sooner than usual.
const testLimitMs = 120_000;
const environment = { TEST_STALL_SECONDS: '45', TEST_CASES: 'all' };

/** Runs files of tests in the sandbox, up to the first failure; with a name, only the tests whose name contains it. */
export async function runTests(
  { folder, databaseUrl }: Sandbox,
  tests: { readonly files: readonly string[]; readonly name?: string; readonly timeLimitMs: number },
): Promise<Outcome> {
  const report = path.join(folder, reportFile);
  await rm(report, { force: true });
  const ended = await runCommand(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...projectsOf(tests.files).flatMap((project) => ['--project', project]),
      ...(tests.name === undefined ? [] : ['--testNamePattern', pattern(tests.name)]),
      '--bail=1',
      `--testTimeout=${testLimitMs}`,
      '--reporter=json',
      `--outputFile=${reportFile}`,
      ...tests.files,
    ],
    {
      cwd: folder,
      env: { ...process.env, ...environment, TEST_DATABASE_URL: databaseUrl },
      timeLimitMs: tests.timeLimitMs,
    },
  );
  if (ended.late) return { result: 'broken', why: `not done after ${tests.timeLimitMs / 1000} s` };
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { result: 'broken', why: `no report: ${lastLines(ended)}` };
  return read(JSON.parse(text) as VitestReport, tests.files);
}

/** Type checks the sandbox. A mutant that does not compile needs no test. */
export async function findTypeError({ folder }: Sandbox, timeLimitMs: number): Promise<string | undefined> {
  const args = ['-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', '.mutants.tsbuildinfo'];
  const command = path.join('node_modules', '.bin', 'tsc');
  const ended = await runCommand(command, args, { cwd: folder, env: process.env, timeLimitMs });
  return ended.code === 0 ? undefined : `it does not compile: ${lastLines(ended)}`;
}

// Only these projects run, because some take long to prepare.
function projectsOf(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => (file.startsWith('src/') ? 'unit' : 'system')))];
}

function pattern(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function read({ testResults }: VitestReport, files: readonly string[]): Outcome {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed) {
    const why = failed.failureMessages[0]?.split('\n')[0] ?? '';
    if (/^(ReferenceError|SyntaxError)/.test(why)) return { result: 'broken', why };
    return { result: 'failed', test: failed.fullName, why };
  }
  const trouble = testResults.find(({ message }) => message !== '');
  if (trouble)
    return { result: 'broken', why: `${path.basename(trouble.name)}: ${trouble.message.split('\n')[0]}` };
  const passed = results.filter(({ status }) => status === 'passed').length;
  const loaded = new Set(testResults.map(({ name }) => path.basename(name)));
  const missing = files.filter((file) => !loaded.has(path.basename(file)));
  if (passed === 0 || missing.length > 0)
    return { result: 'broken', why: `no test ran ${missing.join(', ')}` };
  return { result: 'passed', tests: passed };
}

function lastLines({ output }: Ended): string {
  return output.trim().split('\n').slice(-3).join(' ');
}
