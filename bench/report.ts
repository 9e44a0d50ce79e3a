import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { drawOrdersPerSecond } from './chart.ts';
import type { Comparison } from './comparison.ts';
import { queryRow } from './databases.ts';
import type { Options } from './options.ts';
import type { ScenarioReport } from './scenarios/scenario.ts';

/** The JSON file of one run. Contains the requested parts only. */
export type Report = Environment & {
  readonly options: Omit<Options, 'resultsDir'>;
  readonly comparison?: Comparison;
  readonly scenarios: Readonly<Record<string, ScenarioReport['figures']>>;
};

type Environment = Awaited<ReturnType<typeof describeEnvironment>>;

/** Reads the date, the commit, the machine and the versions, on which the figures depend. */
export async function describeEnvironment(connection: pg.Client) {
  const { settings } = await queryRow<{ settings: Record<string, string> }>(
    connection,
    `select json_object_agg(name, current_setting(name)) as settings
     from unnest('{server_version, fsync, synchronous_commit, shared_buffers, max_connections}'::text[]) as name`,
  );
  const changes = await git(['--no-optional-locks', 'status', '--porcelain']);
  return {
    date: new Date().toISOString(),
    commit: (await git(['rev-parse', '--short', 'HEAD'])) ?? 'unknown',
    uncommitted_changes: changes !== undefined && changes !== '',
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memory_bytes: os.totalmem(),
    },
    node: process.version,
    postgres: settings,
  };
}

function git(args: readonly string[]): Promise<string | undefined> {
  const cwd = new URL('.', import.meta.url);
  return promisify(execFile)('git', [...args], { cwd }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/**
 * Writes the report and its chart into a folder. Git ignores the default folder: files that a document cites are copied
 * by hand.
 * @returns the paths of the files.
 */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  const moment = report.date.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replaceAll(':', '');
  const name = path.join(folder, `${moment}-${report.commit}${report.options.quick ? '-quick' : ''}`);
  const texts = new Map([[`${name}.json`, `${JSON.stringify(report, null, 2)}\n`]]);
  if (report.comparison) {
    texts.set(`${name}.svg`, drawOrdersPerSecond(report.comparison.levels, environmentLines(report)));
  }
  await mkdir(folder, { recursive: true });
  for (const [file, text] of texts) await writeFile(file, text);
  return [...texts.keys()];
}

/** Formats date, commit and machine in two lines. */
export function environmentLines({ machine, postgres, ...report }: Environment): readonly [string, string] {
  const gigabytes = (machine.memory_bytes / 1024 ** 3).toFixed(0);
  const changes = report.uncommitted_changes ? ' with changes' : '';
  return [
    `${report.date.slice(0, 'yyyy-mm-ddThh:mm'.length).replace('T', ' ')} UTC, commit ${report.commit}${changes}`,
    `${machine.cpu}, ${machine.cores} cores, ${gigabytes} GB; Node ${report.node}; Postgres ` +
      `${postgres['server_version']}, fsync ${postgres['fsync']}, synchronous_commit ${postgres['synchronous_commit']}`,
  ];
}
