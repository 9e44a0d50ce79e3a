import { afterAll, expect, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { type Fixture, ReusedFixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import {
  type CrashCase,
  expectAllWell,
  type Kill,
  killsAt,
  runScenario,
  runWithKill,
  sidesOf,
} from './crash-case.ts';
import { paid } from './scenarios.ts';

// Further crashes during a paid order: of the payment service, of both processes, of the shop during recovery, and
// repeatedly.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const killsOfBoth: readonly Kill[] = [
  { process: 'shop', at: 'after the call that creates the session', and: 'payments' },
  { process: 'payments', at: 'after the commit of charge', and: 'shop' },
  { process: 'shop', at: 'before the commit of webhook', and: 'payments' },
  { process: 'shop', at: 'before the commit of dispatchOrder', and: 'payments' },
];

const cases: readonly CrashCase[] = [
  ...killsAt(
    [
      ...sidesOf('commit of new session', 'commit of charge'),
      'after the commit of claim of event',
      ...sidesOf('commit of note of delivery'),
    ],
    'the payment service killed %s: charged once, dispatched once',
    paid,
    'payments',
  ),
  ...killsOfBoth.map(
    (kill): CrashCase => [
      `both processes killed at once (${kill.process} ${kill.at}): charged once, dispatched once`,
      (fixture) => runWithKill(fixture, paid, kill),
    ],
  ),
  ...sidesOf('commit of take-over', 'commit of claim of checkout').map(
    (at): CrashCase => [
      `the shop killed while an order waits for its payment, and again, on coming back, ${at}: charged once, dispatched once`,
      (fixture) => killAgain(fixture, at),
    ],
  ),
  [
    'the shop killed while an order waits for its payment, and four times more, as soon as it answers: charged once, dispatched once',
    killFiveTimes,
  ],
];

test.each(draw(cases, 1))('%s', (_title, run) => reused.use(run));

async function killAgain(fixture: Fixture, at: CrashPoint): Promise<void> {
  const { shop } = fixture.processes;
  const before = shop.deaths.length;
  await runScenario(fixture, paid, async () => {
    shop.armNext(at);
    await shop.kill();
  });
  await expectAllWell(fixture);
  expect(shop.deaths.slice(before), 'deaths').toEqual(['SIGKILL', at]);
}

async function killFiveTimes(fixture: Fixture): Promise<void> {
  const { shop } = fixture.processes;
  const before = shop.deaths.length;
  await runScenario(fixture, paid, async () => {
    for (let time = 0; time < 5; time += 1) {
      await shop.kill();
      await shop.ready();
    }
  });
  await expectAllWell(fixture);
  expect(shop.deaths.slice(before), 'deaths').toEqual(Array.from({ length: 5 }, () => 'SIGKILL'));
}
