import type { Books } from './books.ts';
import type { Figures, Rest } from './measure.ts';
import type { StatementPerOrder } from './statements.ts';
import { type Spread, spread } from './statistics.ts';

/** What is measured, in the order in which it is shown, and what people call it. */
export const subjectTitles = { holdfast: 'Holdfast', tutorial: 'tutorial', plain_sql: 'plain SQL' } as const;
export type SubjectName = keyof typeof subjectTitles;
export const subjectNames = Object.keys(subjectTitles) as SubjectName[];

export type BySubject<Value> = Readonly<Record<SubjectName, Value>>;

/** The shop beside the two baselines. */
export interface Comparison {
  readonly at_rest: BySubject<Rest>;
  readonly levels: readonly Level[];
  /** Where it goes, at the most buyers. */
  readonly statements: BySubject<readonly StatementPerOrder[]>;
  readonly books: BySubject<Books>;
}

/** One number of buyers. */
export interface Level {
  readonly buyers: number;
  readonly subjects: BySubject<Measured>;
  readonly ratios: Ratios;
}

/** Every figure over the rounds, and the rounds themselves. */
export interface Measured {
  readonly figures: Readonly<Record<keyof Figures, Spread>>;
  readonly rounds: readonly Figures[];
}

/** The shop's figure divided by a baseline's of the same round, over the rounds. */
export interface Ratios {
  readonly orders_per_second_to_tutorial: Spread;
  readonly orders_per_second_to_plain_sql: Spread;
  readonly checkout_p50_to_tutorial: Spread;
}

export function summarize(buyers: number, rounds: BySubject<readonly Figures[]>): Level {
  const ratio = (figure: keyof Figures, baseline: readonly Figures[]): Spread =>
    spread(rounds.holdfast.map((round, index) => round[figure] / (baseline[index]?.[figure] ?? Number.NaN)));
  return {
    buyers,
    subjects: {
      holdfast: overRounds(rounds.holdfast),
      tutorial: overRounds(rounds.tutorial),
      plain_sql: overRounds(rounds.plain_sql),
    },
    ratios: {
      orders_per_second_to_tutorial: ratio('orders_per_second', rounds.tutorial),
      orders_per_second_to_plain_sql: ratio('orders_per_second', rounds.plain_sql),
      checkout_p50_to_tutorial: ratio('checkout_p50_ms', rounds.tutorial),
    },
  };
}

function overRounds(rounds: readonly Figures[]): Measured {
  const names = Object.keys(rounds[0] ?? {}) as (keyof Figures)[];
  const figures = names.map((name) => [name, spread(rounds.map((round) => round[name]))] as const);
  return { figures: Object.fromEntries(figures) as Measured['figures'], rounds };
}
