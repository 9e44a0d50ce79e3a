import { parseArgs } from 'node:util';

/** How long and how often everything is measured. Every phase has an end in time and in orders. */
export interface Options {
  readonly quick: boolean;
  /** Folder of the JSON file. */
  readonly resultsDir: string;
  /** How many buyers are at it at once, a level each. */
  readonly levels: readonly number[];
  /** How often every level is measured, in turn. */
  readonly rounds: number;
  readonly levelSeconds: number;
  readonly warmUpSeconds: number;
  /** Length of the quiet interval in which the shop's statements at rest are counted. */
  readonly restSeconds: number;
  readonly levelOrdersMax: number;
}

const usage = `npm run bench [-- options]
  --quick           at most a hundred orders a level, one round: shows that it works, not how fast
  --results FOLDER  where the JSON file goes, bench/results by default
DATABASE_URL        measures on that Postgres instead of an embedded one in the temporary folder`;

const full = { rounds: 5, levelSeconds: 8, warmUpSeconds: 5, restSeconds: 15, levelOrdersMax: 10_000 };
const quickly = { rounds: 1, levelSeconds: 2, warmUpSeconds: 1, restSeconds: 2, levelOrdersMax: 100 };

/** An argument that is none of ours; the message explains them all. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** @throws UsageError */
export function readOptions(args: readonly string[], defaultResultsDir: string): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean', default: false }, results: { type: 'string' } },
    });
    return {
      quick: values.quick,
      resultsDir: values.results ?? defaultResultsDir,
      levels: [1, 16, 64],
      ...(values.quick ? quickly : full),
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`, { cause: error });
  }
}
