import { type Comparison, type Level, type Ratios, storeNames, storeTitles } from './comparison.ts';
import type { StatementPerOrder } from './counters.ts';
import type { Figures } from './measure.ts';
import type { Options } from './options.ts';
import type { Spread } from './statistics.ts';
import type { StoreName } from './stores.ts';

/** A label, the name of a figure, its decimal digits, and its unit. */
type Row<Name> = readonly [label: string, name: Name, digits: number, unit?: number];

const figureRows: readonly Row<keyof Figures>[] = [
  ['orders/s, paid', 'orders_per_second', 1],
  ['orders/s, paid and dispatched', 'orders_per_second_dispatched', 1],
  ['checkout p50, ms', 'checkout_p50_ms', 1],
  ['checkout p99, ms', 'checkout_p99_ms', 1],
  ['webhook p50, ms', 'webhook_p50_ms', 1],
  ['webhook p99, ms', 'webhook_p99_ms', 1],
  ['SQL statements per order', 'statements_per_order', 1],
  ['  of these BEGIN and COMMIT', 'begin_and_commit_per_order', 1],
  ['  of these COMMIT', 'commits_per_order', 1],
  ['writing transactions per order', 'writes_per_order', 1],
  ['WAL per order, kB', 'wal_bytes_per_order', 1, 1000],
  ['CPU of the store per order, ms', 'store_cpu_ms_per_order', 1],
  ['CPU of Postgres per order, ms', 'postgres_cpu_ms_per_order', 1],
  ['CPU of the load per order, ms', 'load_cpu_ms_per_order', 1],
  ['memory of the store, MB', 'store_rss_bytes', 0, 1_000_000],
  ['retries, the store being too busy', 'retries', 0],
  ['dispatched after the last payment, s', 'dispatched_after_seconds', 1],
];

const ratioRows: readonly Row<keyof Ratios>[] = [
  ["orders/s ÷ tutorial's", 'orders_per_second_to_tutorial', 2],
  ["orders/s ÷ plain SQL's", 'orders_per_second_to_plain_sql', 3],
  ["checkout p50 ÷ tutorial's", 'checkout_p50_to_tutorial', 2],
];

/** Formats the comparison as tables: medians, with the lowest and the highest figure when there were several rounds. */
export function formatComparison(
  { levels, idle, ledgers }: Comparison,
  { tutorialAsPublished }: Pick<Options, 'tutorialAsPublished'>,
): string {
  const titles = storeNames.map((name) => storeTitles[name]);
  const levelTable = (level: Level): string[] => [
    '',
    line(buyersTitle(level), titles),
    ...table(figureRows, (figure) => storeNames.map((name) => level.stores[name].figures[figure])),
  ];
  const each = (valueOf: (name: StoreName) => string | number): string =>
    storeNames.map((name) => `${storeTitles[name]} ${valueOf(name)}`).join(', ');
  return [
    ...levels.flatMap(levelTable),
    '',
    line('Holdfast ÷ baseline', levels.map(buyersTitle)),
    ...table(ratioRows, (ratio) => levels.map(({ ratios }) => ratios[ratio])),
    '',
    tutorialAsPublished
      ? 'The tutorial calls no provider, as it was published.'
      : 'The tutorial was published without a provider. Here its checkout makes one recorded call, as the others do.',
    `Idle statements/s, not part of the figures per order: ${each((name) => idle[name].statements_per_second.toFixed(1))}.`,
    `Orders in all, each paid once and dispatched, and the stock balances: ${each((name) => ledgers[name].orders)}.`,
  ].join('\n');
}

function buyersTitle({ buyers }: Level): string {
  return buyers === 1 ? '1 buyer' : `${buyers} buyers`;
}

function table<Name>(rows: readonly Row<Name>[], valuesOf: (name: Name) => readonly Spread[]): string[] {
  return rows.map(([label, name, digits, unit = 1]) =>
    line(
      label,
      valuesOf(name).map((spread) => cell(spread, digits, unit)),
    ),
  );
}

const labelWidth = 39;
const columnWidth = 26;

function line(label: string, cells: readonly string[]): string {
  return `${label.padEnd(labelWidth)}${cells.map((text) => text.padEnd(columnWidth)).join('')}`.trimEnd();
}

function cell({ median, min, max }: Spread, digits: number, unit: number): string {
  if (Number.isNaN(median)) return 'unknown';
  const [middle, low, high] = [median, min, max].map((value) => (value / unit).toFixed(digits));
  return min === max ? `${middle}` : `${middle} (${low} – ${high})`;
}

/** Lists the statements of an order, the most frequent first. */
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
