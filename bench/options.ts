import { parseArgs } from 'node:util';

/** What is measured, how long and how often. Every phase has an end in time and in orders. */
export interface Options {
  readonly quick: boolean;
  /** The only part to run: `levels`, or the name of a scenario. */
  readonly only: string | undefined;
  /** Folder of the JSON file and the chart. */
  readonly resultsDir: string;
  /** Whether the terminal shows the shop's statements as well. */
  readonly statements: boolean;
  /** The tutorial's store without the call to the provider that every other checkout makes. */
  readonly tutorialAsPublished: boolean;
  /** How many buyers are at it at once, a level each. */
  readonly levels: readonly number[];
  /** How often every level is measured, in turn. */
  readonly rounds: number;
  readonly levelSeconds: number;
  readonly warmUpSeconds: number;
  /** Length of the quiet interval in which the work at rest is counted. */
  readonly restSeconds: number;
  readonly levelOrdersMax: number;
}

const full = { rounds: 5, levelSeconds: 8, warmUpSeconds: 3, restSeconds: 15, levelOrdersMax: 20_000 };
const quickly = { rounds: 1, levelSeconds: 1, warmUpSeconds: 0.5, restSeconds: 2, levelOrdersMax: 50 };
const roundsMax = 100;

/** The part with the baselines; the scenarios are the others. */
export const levelsPart = 'levels';

function usage(parts: readonly string[]): string {
  return `npm run bench [-- options]
  --quick                  a few orders a level, one round: shows that it works, not how fast
  --only PART              one of: ${parts.join(', ')}
  --rounds N               how often every level is measured, ${full.rounds} by default
  --statements             lists the shop's SQL statements per order
  --tutorial-as-published  the tutorial's store without a call to the provider
  --results FOLDER         where the JSON file and the chart go, bench/results by default
DATABASE_URL               measures on that Postgres instead of an embedded one in the temporary folder`;
}

/** An argument that is none of ours; the message explains them all. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** @throws UsageError */
export function readOptions(
  args: readonly string[],
  defaultResultsDir: string,
  scenarios: readonly string[],
): Options {
  const parts = [levelsPart, ...scenarios];
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        rounds: { type: 'string' },
        statements: { type: 'boolean', default: false },
        'tutorial-as-published': { type: 'boolean', default: false },
        results: { type: 'string', default: defaultResultsDir },
      },
    });
    const lengths = values.quick ? quickly : full;
    return {
      quick: values.quick,
      only: values.only === undefined ? undefined : oneOf(parts, values.only),
      resultsDir: values.results,
      statements: values.statements,
      tutorialAsPublished: values['tutorial-as-published'],
      levels: [1, 16, 64],
      ...lengths,
      rounds: values.rounds === undefined ? lengths.rounds : wholeNumber(values.rounds, roundsMax),
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage(parts)}`, { cause: error });
  }
}

function oneOf(names: readonly string[], name: string): string {
  if (!names.includes(name)) throw new Error(`There is no part called ${name}.`);
  return name;
}

function wholeNumber(text: string, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw new Error(`${text} is not a whole number from 1 to ${max}.`);
}
