import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Books } from './books.ts';
import type { Figures, Rest } from './measure.ts';
import type { Options } from './options.ts';
import { type Spread, spread } from './statistics.ts';
import type { Surroundings } from './surroundings.ts';

/** The JSON file of one run. */
export interface Report extends Surroundings {
  readonly options: Omit<Options, 'resultsDir'>;
  readonly at_rest: Rest;
  readonly levels: readonly Level[];
  readonly books: Books;
}

/** One number of buyers: every figure over the rounds, and the rounds themselves. */
export interface Level {
  readonly buyers: number;
  readonly figures: Readonly<Record<keyof Figures, Spread>>;
  readonly rounds: readonly Figures[];
}

export function summarize(buyers: number, rounds: readonly Figures[]): Level {
  const names = Object.keys(rounds[0] ?? {}) as (keyof Figures)[];
  const figures = names.map((name) => [name, spread(rounds.map((round) => round[name]))] as const);
  return { buyers, figures: Object.fromEntries(figures) as Level['figures'], rounds };
}

/** Writes the report where the reports are. @returns the file. */
export async function writeReport(report: Report, folder: string): Promise<string> {
  const moment = report.date.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replaceAll(':', '');
  const file = path.join(folder, `${moment}-${report.commit}${report.options.quick ? '-quick' : ''}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

interface Row {
  readonly label: string;
  readonly figure: keyof Figures;
  readonly digits: number;
  readonly unit?: number;
}

const rows: readonly Row[] = [
  { label: 'orders/s, paid', figure: 'orders_per_second', digits: 1 },
  { label: 'checkout p50, ms', figure: 'checkout_p50_ms', digits: 1 },
  { label: 'checkout p99, ms', figure: 'checkout_p99_ms', digits: 1 },
  { label: 'webhook p50, ms', figure: 'webhook_p50_ms', digits: 1 },
  { label: 'webhook p99, ms', figure: 'webhook_p99_ms', digits: 1 },
  { label: 'SQL statements per order', figure: 'statements_per_order', digits: 1 },
  { label: '  of these BEGIN and COMMIT', figure: 'begin_and_commit_per_order', digits: 1 },
  { label: '  of these COMMIT', figure: 'commits_per_order', digits: 1 },
  { label: 'writing transactions per order', figure: 'writes_per_order', digits: 1 },
  { label: 'WAL per order, kB', figure: 'wal_bytes_per_order', digits: 1, unit: 1000 },
  { label: 'asked again, the shop being too busy', figure: 'asked_again', digits: 0 },
  { label: 'dispatched after the last payment, s', figure: 'dispatched_after_seconds', digits: 1 },
];

const labelWidth = 38;
const columnWidth = 24;

/** The figures as a table for people: the median, and from the lowest to the highest when there were several rounds. */
export function formatReport(report: Report): string {
  const { machine, postgres, levels, at_rest: rest } = report;
  const gigabytes = (machine.memory_bytes / 1024 ** 3).toFixed(0);
  const heading = levels.map(({ buyers }) => (buyers === 1 ? '1 buyer' : `${buyers} buyers`));
  return [
    `${report.date}, commit ${report.commit}${report.uncommitted_changes ? ' with changes' : ''}`,
    `${machine.cpu}, ${machine.cores} cores, ${gigabytes} GB; Node ${report.node}; Postgres ${postgres.server_version}, ` +
      `fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronous_commit}`,
    '',
    line('', heading),
    ...rows.map((row) =>
      line(
        row.label,
        levels.map(({ figures }) => cell(row, figures[row.figure])),
      ),
    ),
    '',
    `At rest: ${rest.statements_per_second.toFixed(1)} statements/s, not part of the figures per order.`,
    `${report.books.orders} orders in all, every one paid once and dispatched, and the stock adds up.`,
  ].join('\n');
}

function line(label: string, cells: readonly string[]): string {
  return `${label.padEnd(labelWidth)}${cells.map((text) => text.padEnd(columnWidth)).join('')}`.trimEnd();
}

function cell({ digits, unit = 1 }: Row, { median, min, max }: Spread): string {
  const [middle, low, high] = [median, min, max].map((value) => (value / unit).toFixed(digits));
  return min === max ? `${middle}` : `${middle} (${low} – ${high})`;
}
