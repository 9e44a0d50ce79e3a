import { afterAll, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { ReusedFixture } from '../support/fixture.ts';
import { type CrashCase, killsAt, sidesOf } from './crash-case.ts';
import { paidWithoutWebhook, unpaid } from './scenarios.ts';

// The hold ends and no webhook has come: the shop asks the provider before it cancels. The shop is killed at each commit
// and around each call on that way, the payment service at the commit that ends the session.

const reused = new ReusedFixture({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const cases: readonly CrashCase[] = [
  ...killsAt(
    sidesOf(
      'commit of DBOS.recv',
      'call that asks for the session',
      'call that expires the session',
      'commit of endPaymentSession',
      'commit of settleOrCancel',
    ),
    'an order that nobody pays, the shop killed %s: cancelled, never charged, the units are back',
    unpaid,
  ),
  ...killsAt(
    sidesOf('commit of expiry'),
    'an order that nobody pays, the payment service killed %s: cancelled, never charged, the units are back',
    unpaid,
    'payments',
  ),
  ...killsAt(
    sidesOf(
      'call that asks for the session',
      'commit of endPaymentSession',
      'commit of recordPaidSession',
      'commit of settleOrCancel',
    ),
    'an order that was paid although no webhook came, the shop killed %s: not cancelled, charged once, dispatched once',
    paidWithoutWebhook,
  ),
];

test.each(draw(cases, 1))('%s', (_title, run) => reused.use(run));
