import { fileURLToPath } from 'node:url';
import { explainFailure } from '../src/shared/program.ts';
import { type Cleanup, cleanUpOnSignals, withCleanup } from './cleanup.ts';
import { compare } from './compare.ts';
import { openConnection, openPostgres } from './databases.ts';
import { levelsPart, readOptions, scenarios } from './options.ts';
import { describeEnvironment, environmentLines, type Report, writeReport } from './report.ts';
import type { ScenarioReport } from './scenarios/scenario.ts';
import { formatComparison, formatStatements } from './table.ts';

/** Measures the shop beside the baselines, runs the scenarios, and reports. */
async function main(cleanup: Cleanup): Promise<void> {
  const defaultResultsDir = fileURLToPath(new URL('results', import.meta.url));
  const options = readOptions(process.argv.slice(2), defaultResultsDir);
  showProgress('Starting Postgres');
  const serverUrl = await openPostgres(process.env['DATABASE_URL'], cleanup);
  const environment = await describeEnvironment(await openConnection(serverUrl, cleanup));
  const isWanted = (part: string): boolean => options.only === undefined || options.only === part;
  const comparison = isWanted(levelsPart)
    ? await withCleanup(cleanup, (own) => compare(serverUrl, options, showProgress, own))
    : undefined;
  const lines: string[] = [];
  const figures: Record<string, ScenarioReport['figures']> = {};
  for (const scenario of scenarios.filter(({ name }) => isWanted(name))) {
    const report = (activity: string): void => showProgress(`${scenario.title}: ${activity}`);
    report('preparing');
    const outcome = await scenario.run({ serverUrl, cleanup, quick: options.quick, report });
    lines.push('', scenario.title, ...outcome.lines.map((line) => `  ${line}`));
    figures[scenario.name] = outcome.figures;
  }

  const { resultsDir, ...chosen } = options;
  const report: Report = {
    ...environment,
    options: chosen,
    ...(comparison && { comparison }),
    scenarios: figures,
  };
  const files = await writeReport(report, resultsDir);
  process.stderr.write(clearLine);
  print(report, lines, files);
}

const clearLine = process.stderr.isTTY ? '\r\u001B[2K' : '';

/** Shows the current activity: in one changing line on a terminal, otherwise in a line of its own. */
function showProgress(activity: string): void {
  process.stderr.write(`${clearLine}${activity}${process.stderr.isTTY ? '' : '\n'}`);
}

function print(report: Report, scenarioLines: readonly string[], files: readonly string[]): void {
  const { comparison, options } = report;
  const parts = [
    ...environmentLines(report),
    ...(comparison ? [formatComparison(comparison, options)] : []),
    ...(comparison && options.statements ? [formatStatements(comparison.statements.holdfast)] : []),
    ...scenarioLines,
    '',
    ...files.map((file) => `Written to ${file}`),
  ];
  process.stdout.write(`${parts.join('\n')}\n`);
}

const cleanup = cleanUpOnSignals();
try {
  await main(cleanup);
} catch (error) {
  if (!cleanup.interrupted()) process.stderr.write(`\n${explainFailure(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
