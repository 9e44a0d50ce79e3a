import { afterAll, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { ReusedFixture } from '../support/fixture.ts';
import { type CrashCase, killsAt, sidesOf } from './crash-case.ts';
import { paidBack, paidLate, paidTooLate } from './scenarios.ts';

// Refunds and late payments: the shop is killed at each commit and around each call. Afterwards there is one refund at
// the provider and in our rows, or the goods have gone out once.

const reused = new ReusedFixture({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const cases: readonly CrashCase[] = [
  ...killsAt(
    sidesOf(
      'commit of promise of a refund',
      'commit of readDueRefund',
      'call that pays back',
      'commit of askForRefund',
      'commit of markRefundMade',
    ),
    'an order that is paid back, the shop killed %s: paid back once',
    paidBack,
  ),
  ...killsAt(
    sidesOf('commit of late payment'),
    'a payment that comes too late, the shop killed %s: reserved again, dispatched once',
    paidLate,
  ),
  ...killsAt(
    sidesOf('commit of late payment', 'commit of markRefundMade'),
    'a payment that comes too late, the shop killed %s: the units are gone, so it is paid back once',
    paidTooLate,
  ),
];

test.each(draw(cases, 1))('%s', (_title, run) => reused.use(run));
