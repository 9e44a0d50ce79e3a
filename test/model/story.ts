import * as buying from './buying.ts';
import type { Command } from './command.ts';
import * as settling from './settling.ts';
import { World } from './world.ts';

// What is named twice happens more often: most stories get as far as a session, and hear of it.
const all: readonly Command[] = [
  ...buying.opening,
  ...buying.opening,
  ...buying.opening,
  ...buying.givingUp,
  ...buying.following,
  ...buying.resuming,
  ...buying.paying,
  ...buying.bank,
  ...settling.hearing,
  ...settling.hearing,
  ...settling.reconciling,
  ...settling.wishing,
  ...settling.repaying,
  ...buying.shelf,
];

/** In this order and again until nothing is left: nothing is lost for good, and everybody does what is theirs. */
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
 * Tells a story: of what can happen, each number chooses one, and then everything comes to its end. The promises are
 * checked after every step.
 */
export function tell(choices: readonly number[]): World {
  const [first = 0] = choices;
  const world = new World(unitsMin + (first % unitsSpread));
  for (const choice of choices) {
    const possible = all.filter(({ can }) => can(world));
    perform(world, possible[choice % possible.length], Math.floor(choice / all.length));
  }
  world.holdOver = true;
  for (let turn = 0; turn < turnsToFinish; turn += 1) {
    for (const command of finishing) {
      for (let time = 0; time < oftenEnough && command.can(world); time += 1)
        perform(world, command, first + time);
    }
  }
  world.checkEnd();
  return world;
}

function perform(world: World, command: Command | undefined, choice: number): void {
  if (!command) throw new Error('Nothing can happen.');
  const { status, reason } = world.shop;
  world.trace.push(command.name);
  command.act(world, choice);
  world.check({ status, reason });
}
