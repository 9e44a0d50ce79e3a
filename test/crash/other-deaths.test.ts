import { afterAll, describe, expect, test } from 'vitest';
import { ReusedFixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import { expectAllWell, type Kill, runScenario, runWithKill, sidesOf } from './crash-case.ts';
import { paid } from './scenarios.ts';

// Further crashes during a paid order: of the payment service, of both processes, of the shop during recovery, and
// repeatedly.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

describe('the payment service', () => {
  test.each<CrashPoint>([
    ...sidesOf('commit of new session', 'commit of charge'),
    'after the commit of claim of event',
    ...sidesOf('commit of note of delivery'),
  ])('killed %s: charged once, dispatched once', (at) =>
    reused.use((fixture) => runWithKill(fixture, paid, { process: 'payments', at })),
  );
});

describe('both processes', () => {
  test.each<Kill>([
    { process: 'shop', at: 'after the call that creates the session', and: 'payments' },
    { process: 'payments', at: 'after the commit of charge', and: 'shop' },
    { process: 'shop', at: 'before the commit of webhook', and: 'payments' },
    { process: 'shop', at: 'before the commit of dispatchOrder', and: 'payments' },
  ])('killed at once ($process $at): charged once, dispatched once', { tags: ['slow'] }, (kill) =>
    reused.use((fixture) => runWithKill(fixture, paid, kill)),
  );
});

describe('the shop, killed while an order waits for its payment and', () => {
  test.each(sidesOf('commit of take-over', 'commit of claim of checkout'))(
    'again, on coming back, %s: charged once, dispatched once',
    { tags: ['slow'] },
    (at) =>
      reused.use(async (fixture) => {
        const { shop } = fixture.processes;
        const before = shop.deaths.length;
        await runScenario(fixture, paid, async () => {
          shop.armNext(at);
          await shop.kill();
        });
        await expectAllWell(fixture);
        expect(shop.deaths.slice(before), 'deaths').toEqual(['SIGKILL', at]);
      }),
  );

  test('four times more, as soon as it answers: charged once, dispatched once', { tags: ['slow'] }, () =>
    reused.use(async (fixture) => {
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
    }),
  );
});
