import {
  type Comparison,
  type Level,
  type Ratios,
  type SubjectName,
  subjectNames,
  subjectTitles,
} from './comparison.ts';
import type { Figures } from './measure.ts';
import type { Report } from './report.ts';
import type { StatementPerOrder } from './statements.ts';
import type { Spread } from './statistics.ts';

interface Row<Name> {
  readonly label: string;
  readonly figure: Name;
  readonly digits: number;
  readonly unit?: number;
}

const figureRows: readonly Row<keyof Figures>[] = [
  { label: 'orders/s, paid', figure: 'orders_per_second', digits: 1 },
  { label: 'orders/s, paid and dispatched', figure: 'orders_per_second_dispatched', digits: 1 },
  { label: 'checkout p50, ms', figure: 'checkout_p50_ms', digits: 1 },
  { label: 'checkout p99, ms', figure: 'checkout_p99_ms', digits: 1 },
  { label: 'webhook p50, ms', figure: 'webhook_p50_ms', digits: 1 },
  { label: 'webhook p99, ms', figure: 'webhook_p99_ms', digits: 1 },
  { label: 'SQL statements per order', figure: 'statements_per_order', digits: 1 },
  { label: '  of these BEGIN and COMMIT', figure: 'begin_and_commit_per_order', digits: 1 },
  { label: '  of these COMMIT', figure: 'commits_per_order', digits: 1 },
  { label: 'writing transactions per order', figure: 'writes_per_order', digits: 1 },
  { label: 'WAL per order, kB', figure: 'wal_bytes_per_order', digits: 1, unit: 1000 },
  { label: 'CPU of the store per order, ms', figure: 'store_cpu_ms_per_order', digits: 1 },
  { label: 'CPU of Postgres per order, ms', figure: 'postgres_cpu_ms_per_order', digits: 1 },
  { label: 'CPU of the load per order, ms', figure: 'load_cpu_ms_per_order', digits: 1 },
  { label: 'memory of the store, MB', figure: 'store_rss_bytes', digits: 0, unit: 1_000_000 },
  { label: 'asked again, the store being too busy', figure: 'asked_again', digits: 0 },
  { label: 'dispatched after the last payment, s', figure: 'dispatched_after_seconds', digits: 1 },
];

const ratioRows: readonly Row<keyof Ratios>[] = [
  { label: "orders/s ÷ tutorial's", figure: 'orders_per_second_to_tutorial', digits: 2 },
  { label: "orders/s ÷ plain SQL's", figure: 'orders_per_second_to_plain_sql', digits: 3 },
  { label: "checkout p50 ÷ tutorial's", figure: 'checkout_p50_to_tutorial', digits: 2 },
];

/** The comparison as tables for people: the median, and from the lowest to the highest when there were several rounds. */
export function formatComparison(comparison: Comparison, options: Report['options']): string {
  const { levels } = comparison;
  return [
    ...levels.flatMap((level) => ['', ...levelTable(level)]),
    '',
    line('Holdfast ÷ baseline', levels.map(buyersTitle)),
    ...ratioRows.map((row) =>
      line(
        row.label,
        levels.map(({ ratios }) => cell(row, ratios[row.figure])),
      ),
    ),
    '',
    ...notes(comparison, options),
  ].join('\n');
}

function levelTable(level: Level): string[] {
  return [
    line(
      buyersTitle(level),
      subjectNames.map((name) => subjectTitles[name]),
    ),
    ...figureRows.map((row) =>
      line(
        row.label,
        subjectNames.map((name) => cell(row, level.subjects[name].figures[row.figure])),
      ),
    ),
  ];
}

function buyersTitle({ buyers }: Level): string {
  return buyers === 1 ? '1 buyer' : `${buyers} buyers`;
}

function notes({ at_rest, books }: Comparison, options: Report['options']): string[] {
  const each = (valueOf: (name: SubjectName) => string): string =>
    subjectNames.map((name) => `${subjectTitles[name]} ${valueOf(name)}`).join(', ');
  return [
    options.tutorialAsPublished
      ? 'The tutorial calls no provider, as it was published.'
      : 'The tutorial was published without a provider; here its checkout makes one recorded call, as the others do.',
    `At rest, not part of the figures per order, statements/s: ${each((name) => at_rest[name].statements_per_second.toFixed(1))}.`,
    `Orders in all, every one paid once and dispatched, and the stock adds up: ${each((name) => String(books[name].orders))}.`,
  ];
}

/** Where the statements of an order go, the most frequent first. */
export function formatStatements(statements: readonly StatementPerOrder[]): string {
  return [
    '',
    'Calls and ms of execution per order at the most buyers:',
    ...statements.map(
      ({ statement, calls_per_order: calls, execution_ms_per_order: ms }) =>
        `${calls.toFixed(2).padStart(8)} ${ms.toFixed(3).padStart(8)}  ${statement}`,
    ),
  ].join('\n');
}

const labelWidth = 39;
const columnWidth = 26;

function line(label: string, cells: readonly string[]): string {
  return `${label.padEnd(labelWidth)}${cells.map((text) => text.padEnd(columnWidth)).join('')}`.trimEnd();
}

function cell<Name>({ digits, unit = 1 }: Row<Name>, { median, min, max }: Spread): string {
  if (Number.isNaN(median)) return 'unknown';
  const [middle, low, high] = [median, min, max].map((value) => (value / unit).toFixed(digits));
  return min === max ? `${middle}` : `${middle} (${low} – ${high})`;
}
