import { fileURLToPath } from 'node:url';
import { andCleanUp, type Cleanup, cleanUpOnSignals } from './cleanup.ts';
import { compare } from './compare.ts';
import { openDatabaseServer } from './database-server.ts';
import { openConnection } from './databases.ts';
import { levelsPart, readOptions, UsageError } from './options.ts';
import { showProgress } from './progress.ts';
import { type Report, surroundingLines, writeReport } from './report.ts';
import { scenarios } from './scenarios/list.ts';
import type { ScenarioReport } from './scenarios/scenario.ts';
import { describeSurroundings } from './surroundings.ts';
import { formatComparison, formatStatements } from './table.ts';

/** Measures the shop beside the baselines, then what the scenarios ask, and reports. */
async function main(cleanup: Cleanup): Promise<void> {
  const names = scenarios.map(({ name }) => name);
  const options = readOptions(
    process.argv.slice(2),
    fileURLToPath(new URL('results', import.meta.url)),
    names,
  );
  const progress = showProgress(process.stderr);
  progress.say('Starting Postgres');
  const serverUrl = await openDatabaseServer(process.env['DATABASE_URL'], cleanup);
  const surroundings = await describeSurroundings(await openConnection(serverUrl, cleanup));
  const { resultsDir, ...chosen } = options;

  const wanted = (part: string): boolean => options.only === undefined || options.only === part;
  const comparison = wanted(levelsPart)
    ? await andCleanUp(cleanup, (own) => compare(serverUrl, options, progress, own))
    : undefined;
  const lines: string[] = [];
  const figures: Record<string, ScenarioReport['figures']> = {};
  for (const scenario of scenarios.filter(({ name }) => wanted(name))) {
    const say = (text: string): void => progress.say(`${scenario.title}: ${text}`);
    say('preparing');
    const outcome = await scenario.run({ serverUrl, cleanup, quick: options.quick, say });
    lines.push('', scenario.title, ...outcome.lines.map((line) => `  ${line}`));
    figures[scenario.name] = outcome.figures;
  }

  const report: Report = {
    ...surroundings,
    options: chosen,
    ...(comparison && { comparison }),
    scenarios: figures,
  };
  const files = await writeReport(report, resultsDir);
  progress.done();
  print(report, lines, files);
}

function print(report: Report, scenarioLines: readonly string[], files: readonly string[]): void {
  const { comparison, options } = report;
  const parts = [
    ...surroundingLines(report),
    ...(comparison ? [formatComparison(comparison, options)] : []),
    ...(comparison && options.statements ? [formatStatements(comparison.statements.holdfast)] : []),
    ...scenarioLines,
    '',
    ...files.map((file) => `Written to ${file}`),
  ];
  process.stdout.write(`${parts.join('\n')}\n`);
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const cleanup = cleanUpOnSignals();
try {
  await main(cleanup);
} catch (error) {
  if (!cleanup.interrupted()) process.stderr.write(`\n${describe(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
