import { afterAll, describe, test } from 'vitest';
import type { CrashPoint } from '../support/processes.ts';
import { ArenaPool } from './arena.ts';
import { bothSidesOf, caseTimeout, tellWithKill } from './crash-case.ts';
import { paidBack, paidLate, paidTooLate, type Story } from './stories.ts';

// Money that goes back, and money that comes too late: the shop is killed at each commit and around each call of that.
// There is one refund at the provider and in our rows, or the goods go out once.

const arenas = new ArenaPool({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => arenas.close());

function killedAt(story: Story): (at: CrashPoint) => Promise<void> {
  return (at) => arenas.use((arena) => tellWithKill(arena, story, { process: 'shop', at }));
}

describe('an order that is paid back', () => {
  test.concurrent.each([
    ...bothSidesOf('promise of a refund', 'readDueRefund'),
    'before the call that pays back',
    'after the call that pays back',
    ...bothSidesOf('askForRefund', 'markRefundMade'),
  ] as CrashPoint[])('the shop killed %s: paid back once', killedAt(paidBack), caseTimeout);
});

describe('a payment that comes too late', () => {
  test.concurrent.each(bothSidesOf('late payment'))(
    'the shop killed %s: reserved again, dispatched once',
    killedAt(paidLate),
    caseTimeout,
  );

  test.concurrent.each(bothSidesOf('late payment', 'markRefundMade'))(
    'the shop killed %s: the units are gone, so it is paid back once',
    killedAt(paidTooLate),
    caseTimeout,
  );
});
