import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Fixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';
import type { Incident, Scenario } from './scenarios.ts';
import { expectFinalState, expectPromisesKept, untilSettled } from './verify.ts';

type ProcessName = 'shop' | 'payments';

/** Which process dies, and at which point. `and` is another that is killed at the same moment. */
export interface Kill {
  readonly process: ProcessName;
  readonly at: CrashPoint;
  readonly and?: ProcessName;
}

/** Runs a scenario during which a process is killed at one point, and checks the promises afterwards. */
export async function runWithKill(fixture: Fixture, scenario: Scenario, kill: Kill): Promise<void> {
  const { deaths } = fixture.processes[kill.process];
  const before = deaths.length;
  await fixture.processes[kill.process].arm(kill.at);
  const dying = waitFor(
    `the process to die ${kill.at}`,
    () => deaths,
    () => deaths.length > before,
  ).then(() => kill.and && fixture.processes[kill.and].kill());
  const [finish] = await Promise.all([begin(fixture, scenario), dying]);
  await finish();
  await expectAllWell(fixture);
  expect(deaths.slice(before), 'deaths').toEqual([kill.at]);
}

/** Runs a scenario to its end and checks its final state. */
export async function runScenario(fixture: Fixture, scenario: Scenario, meanwhile?: Incident): Promise<void> {
  const finish = await begin(fixture, scenario, meanwhile);
  await finish();
}

/** Runs the shopper's part of a scenario. The returned function waits for its end and checks the final state. */
async function begin(
  fixture: Fixture,
  scenario: Scenario,
  meanwhile?: Incident,
): Promise<() => Promise<void>> {
  const key = randomUUID();
  const answer = await scenario.act(fixture, key, meanwhile);
  return async () => {
    await untilSettled(fixture);
    await expectFinalState(fixture, key, answer, scenario.finalState);
  };
}

/** Waits until nothing is left to do, and checks the promises. */
export async function expectAllWell(fixture: Fixture): Promise<void> {
  await untilSettled(fixture);
  await expectPromisesKept(fixture);
}

/** One case of a crash test. A file has many and draws a few, because each takes seconds. */
export type CrashCase = readonly [title: string, run: (fixture: Fixture) => Promise<void>];

/** The cases in which a process is killed at each of these points. In the title, `%s` stands for the point. */
export function killsAt(
  points: readonly CrashPoint[],
  title: string,
  scenario: Scenario,
  process: ProcessName = 'shop',
): CrashCase[] {
  return points.map((at) => [
    title.replace('%s', at),
    (fixture) => runWithKill(fixture, scenario, { process, at }),
  ]);
}

/** The crash points before and after commits and calls. */
export function sidesOf(...names: (`commit of ${string}` | `call that ${string}`)[]): CrashPoint[] {
  return names.flatMap((name) => [`before the ${name}`, `after the ${name}`] as const);
}
