import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Ended, runCommand } from './command.ts';
import type { Workshop } from './workshop.ts';

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

/** What the tests say. `broken`: they could not be asked, so they have said nothing. */
export type Answer =
  | { readonly says: 'passed'; readonly tests: number }
  | { readonly says: 'failed'; readonly test: string; readonly why: string }
  | { readonly says: 'broken'; readonly why: string };

const reportFile = 'mutants-report.json';
// A mutant may keep a test waiting for ever, so a test gives up sooner than usual.
const testLimitMs = 120_000;
const environment = { TEST_STALL_SECONDS: '45', CRASH_SIDES: 'both' };

/** Runs files of tests in the workshop, up to the first failure; with a name, only the tests whose name contains it. */
export async function runTests(
  { folder, databaseUrl }: Workshop,
  tests: { readonly files: readonly string[]; readonly name?: string; readonly timeLimitMs: number },
): Promise<Answer> {
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
  if (ended.late) return { says: 'broken', why: `not done after ${tests.timeLimitMs / 1000} s` };
  const text = await readFile(report, 'utf8').catch(() => undefined);
  if (text === undefined) return { says: 'broken', why: `no report: ${lastWords(ended)}` };
  return read(JSON.parse(text) as VitestReport, tests.files);
}

/** Type checks the workshop: what the compiler refuses needs no test. */
export async function findTypeError({ folder }: Workshop, timeLimitMs: number): Promise<string | undefined> {
  const args = ['-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', '.mutants.tsbuildinfo'];
  const command = path.join('node_modules', '.bin', 'tsc');
  const ended = await runCommand(command, args, { cwd: folder, env: process.env, timeLimitMs });
  return ended.code === 0 ? undefined : `it does not compile: ${lastWords(ended)}`;
}

// Only those projects, because some prepare much.
function projectsOf(files: readonly string[]): string[] {
  const projects = files.map((file) => {
    if (file.startsWith('src/')) return 'unit';
    if (file.startsWith('test/browser/')) return 'browser';
    return /^test\/(database|workflows|http|payments|repo)\//.test(file) ? 'integration' : 'processes';
  });
  return [...new Set(projects)];
}

function pattern(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function read({ testResults }: VitestReport, files: readonly string[]): Answer {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed) {
    const why = failed.failureMessages[0]?.split('\n')[0] ?? '';
    if (/^(ReferenceError|SyntaxError)/.test(why)) return { says: 'broken', why };
    return { says: 'failed', test: failed.fullName, why };
  }
  const trouble = testResults.find(({ message }) => message !== '');
  if (trouble)
    return { says: 'broken', why: `${path.basename(trouble.name)}: ${trouble.message.split('\n')[0]}` };
  const passed = results.filter(({ status }) => status === 'passed').length;
  const loaded = new Set(testResults.map(({ name }) => path.basename(name)));
  const missing = files.filter((file) => !loaded.has(path.basename(file)));
  if (passed === 0 || missing.length > 0) return { says: 'broken', why: `no test ran ${missing.join(', ')}` };
  return { says: 'passed', tests: passed };
}

function lastWords({ output }: Ended): string {
  return output.trim().split('\n').slice(-3).join(' ');
}
