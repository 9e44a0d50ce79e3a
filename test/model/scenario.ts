import * as buying from './buying.ts';
import { type Command, Context } from './context.ts';
import * as settling from './settling.ts';

// Listed twice, a command is chosen more often: most scenarios get as far as a session and its events.
const all: readonly Command[] = [
  ...buying.opening,
  ...buying.opening,
  ...buying.opening,
  ...buying.givingUp,
  ...buying.following,
  ...buying.resuming,
  ...buying.paying,
  ...buying.bank,
  ...settling.receiving,
  ...settling.receiving,
  ...settling.reconciling,
  ...settling.requesting,
  ...settling.repaying,
  ...buying.shelf,
];

/** Run in this order, again and again, until nothing is left to do. */
const finishing: readonly Command[] = [
  ...buying.bank,
  ...buying.opening,
  ...settling.reconciling,
  ...buying.following,
  ...settling.repaying,
  ...settling.person,
];

const turnsToFinish = 6;
const oftenEnough = 8;
const unitsMin = 2;
const unitsSpread = 3;

/**
 * Runs a scenario: each number chooses one of the commands that are possible, and then everything comes to its end. The
 * promises are checked after every command.
 */
export function runScenario(choices: readonly number[]): Context {
  const [first = 0] = choices;
  const context = new Context(unitsMin + (first % unitsSpread));
  for (const choice of choices) {
    const possible = all.filter(({ can }) => can(context));
    perform(context, possible[choice % possible.length], Math.floor(choice / all.length));
  }
  context.holdExpired = true;
  for (let turn = 0; turn < turnsToFinish; turn += 1) {
    for (const command of finishing) {
      for (let time = 0; time < oftenEnough && command.can(context); time += 1)
        perform(context, command, first + time);
    }
  }
  context.checkEnd();
  return context;
}

function perform(context: Context, command: Command | undefined, choice: number): void {
  if (!command) throw new Error('Nothing can happen.');
  const { status, reason } = context.shop;
  context.trace.push(command.name);
  command.act(context, choice);
  context.check({ status, reason });
}
