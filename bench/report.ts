import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drawOrdersPerSecond } from './chart.ts';
import type { Comparison } from './comparison.ts';
import type { Options } from './options.ts';
import type { ScenarioReport } from './scenarios/scenario.ts';
import type { Surroundings } from './surroundings.ts';

/** The JSON file of one run. A part that was not asked for is missing. */
export interface Report extends Surroundings {
  readonly options: Omit<Options, 'resultsDir'>;
  readonly comparison?: Comparison;
  readonly scenarios: Readonly<Record<string, ScenarioReport['figures']>>;
}

/**
 * Writes the report and its chart where the reports are. Git ignores them: those that a document speaks of are
 * committed by hand.
 * @returns the files.
 */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  const moment = report.date.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replaceAll(':', '');
  const name = path.join(folder, `${moment}-${report.commit}${report.options.quick ? '-quick' : ''}`);
  const texts = new Map([[`${name}.json`, `${JSON.stringify(report, null, 2)}\n`]]);
  if (report.comparison) {
    texts.set(`${name}.svg`, drawOrdersPerSecond(report.comparison.levels, surroundingLines(report)));
  }
  await mkdir(folder, { recursive: true });
  for (const [file, text] of texts) await writeFile(file, text);
  return [...texts.keys()];
}

/** Where and when, in two lines. */
export function surroundingLines(report: Surroundings): readonly [string, string] {
  const { machine, postgres } = report;
  const gigabytes = (machine.memory_bytes / 1024 ** 3).toFixed(0);
  const changes = report.uncommitted_changes ? ' with changes' : '';
  return [
    `${report.date.slice(0, 'yyyy-mm-ddThh:mm'.length).replace('T', ' ')} UTC, commit ${report.commit}${changes}`,
    `${machine.cpu}, ${machine.cores} cores, ${gigabytes} GB; Node ${report.node}; Postgres ` +
      `${postgres.server_version}, fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}`,
  ];
}
