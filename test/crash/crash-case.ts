import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { CrashPoint } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';
import type { Arena } from './arena.ts';
import type { Incident, Story } from './stories.ts';
import { expectEnded, expectPromisesKept, untilSettled } from './verify.ts';

/** Room for several waits of a case on a busy machine; each wait has a limit of its own. */
export const caseTimeout = 120_000;

type ProcessName = 'shop' | 'payments';

/** Which process dies, and at which point. `and` is another that is killed at the same moment. */
export interface Kill {
  readonly process: ProcessName;
  readonly at: CrashPoint;
  readonly and?: ProcessName;
}

/** Tells a story during which a process is killed at one point, and holds the shop to its promises afterwards. */
export async function tellWithKill(arena: Arena, story: Story, kill: Kill): Promise<void> {
  const { deaths } = arena.processes[kill.process];
  const before = deaths.length;
  await arena.processes[kill.process].arm(kill.at);
  const dying = waitFor(
    `the process to die ${kill.at}`,
    () => deaths,
    () => deaths.length > before,
  ).then(() => kill.and && arena.processes[kill.and].kill());
  const [told] = await Promise.all([begin(arena, story), dying]);
  await told();
  await expectAllWell(arena);
  expect(deaths.slice(before), 'deaths').toEqual([kill.at]);
}

/** Tells a story to its end and checks that end. */
export async function tell(arena: Arena, story: Story, meanwhile?: Incident): Promise<void> {
  const end = await begin(arena, story, meanwhile);
  await end();
}

/** Tells the shopper's part of a story; what it gives back waits for its end and checks it. */
async function begin(arena: Arena, story: Story, meanwhile?: Incident): Promise<() => Promise<void>> {
  const key = randomUUID();
  const answer = await story.act(arena, key, meanwhile);
  return async () => {
    await untilSettled(arena);
    await expectEnded(arena, key, answer, story.ending);
  };
}

/** Waits until nothing is left to do, and checks the promises. */
export async function expectAllWell(arena: Arena): Promise<void> {
  await untilSettled(arena);
  await expectPromisesKept(arena);
}

/** The two sides of each commit. */
export function bothSidesOf(...names: string[]): CrashPoint[] {
  return names.flatMap((name): CrashPoint[] => [
    `before the commit of ${name}`,
    `after the commit of ${name}`,
  ]);
}
