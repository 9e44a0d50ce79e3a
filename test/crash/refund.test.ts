import { afterAll, describe, test } from 'vitest';
import { ReusedFixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import { runWithKill, sidesOf } from './crash-case.ts';
import { paidBack, paidLate, paidTooLate, type Scenario } from './scenarios.ts';

// Refunds and late payments: the shop is killed at each commit and around each call. Afterwards there is one refund at
// the provider and in our rows, or the goods have gone out once.

const reused = new ReusedFixture({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

function killedAt(scenario: Scenario): (at: CrashPoint) => Promise<void> {
  return (at) => reused.use((fixture) => runWithKill(fixture, scenario, { process: 'shop', at }));
}

describe('an order that is paid back', () => {
  test.each(
    sidesOf(
      'commit of promise of a refund',
      'commit of readDueRefund',
      'call that pays back',
      'commit of askForRefund',
      'commit of markRefundMade',
    ),
  )('the shop killed %s: paid back once', killedAt(paidBack));
});

describe('a payment that comes too late', () => {
  test.each(sidesOf('commit of late payment'))(
    'the shop killed %s: reserved again, dispatched once',
    { tags: ['slow'] },
    killedAt(paidLate),
  );

  test.each(sidesOf('commit of late payment', 'commit of markRefundMade'))(
    'the shop killed %s: the units are gone, so it is paid back once',
    { tags: ['slow'] },
    killedAt(paidTooLate),
  );
});
