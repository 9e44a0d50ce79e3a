import { parseArgs } from 'node:util';
import { StartError } from '../src/shared/program.ts';
import { flash } from './scenarios/flash.ts';
import { history } from './scenarios/history.ts';
import { hot } from './scenarios/hot.ts';
import { recovery } from './scenarios/recovery.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { streams } from './scenarios/streams.ts';
import { waiting } from './scenarios/waiting.ts';

// Every phase is limited in seconds and in orders.
const full = { rounds: 5, levelSeconds: 8, warmUpSeconds: 3, idleSeconds: 15, levelOrdersMax: 20_000 };
const quickly = { rounds: 1, levelSeconds: 1, warmUpSeconds: 0.5, idleSeconds: 2, levelOrdersMax: 50 };
const roundsMax = 100;

/** The part with the baselines. The scenarios are the other parts. */
export const levelsPart = 'levels';

/** All scenarios in the order in which they run. */
export const scenarios: readonly Scenario[] = [hot, history, waiting, recovery, streams, flash];

const parts = [levelsPart, ...scenarios.map(({ name }) => name)];

const usage = `npm run bench [-- options]
  --quick                  a few orders a level, one round: shows that it works, not how fast
  --only PART              one of: ${parts.join(', ')}
  --rounds N               how often every level is measured, ${full.rounds} by default
  --statements             lists the shop's SQL statements per order
  --tutorial-as-published  the tutorial's store without a call to the provider
  --results FOLDER         where the JSON file and the chart go, bench/results by default
DATABASE_URL               measures on that Postgres instead of an embedded one in the temporary folder`;

export type Options = ReturnType<typeof readOptions>;

/** Reads the command line. @throws StartError that explains all arguments when one is unknown or malformed. */
export function readOptions(args: readonly string[], defaultResultsDir: string) {
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
    const { only } = values;
    if (only !== undefined && !parts.includes(only)) throw new Error(`There is no part called ${only}.`);
    const lengths = values.quick ? quickly : full;
    return {
      quick: values.quick,
      only,
      resultsDir: values.results,
      statements: values.statements,
      tutorialAsPublished: values['tutorial-as-published'],
      /** Numbers of buyers at once. */
      levels: [1, 16, 64] as const,
      ...lengths,
      rounds: values.rounds === undefined ? lengths.rounds : readRounds(values.rounds),
    };
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n${usage}`, { cause: error });
  }
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= roundsMax) return rounds;
  throw new Error(`${text} is not a whole number from 1 to ${roundsMax}.`);
}
