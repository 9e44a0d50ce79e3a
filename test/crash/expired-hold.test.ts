import { afterAll, describe, test } from 'vitest';
import { ReusedFixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import { type Kill, runWithKill, sidesOf } from './crash-case.ts';
import { paidWithoutWebhook, type Scenario, unpaid } from './scenarios.ts';

// The hold ends and no webhook has come: the shop asks the provider before it cancels. The shop is killed at each commit
// and around each call on that way, the payment service at the commit that ends the session.

const reused = new ReusedFixture({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

function killedAt(scenario: Scenario, process: Kill['process']): (at: CrashPoint) => Promise<void> {
  return (at) => reused.use((fixture) => runWithKill(fixture, scenario, { process, at }));
}

describe('an order that nobody pays', () => {
  test.each(
    sidesOf(
      'commit of DBOS.recv',
      'call that asks for the session',
      'call that expires the session',
      'commit of endPaymentSession',
      'commit of settleOrCancel',
    ),
  )('the shop killed %s: cancelled, never charged, the units are back', killedAt(unpaid, 'shop'));

  test.each(sidesOf('commit of expiry'))(
    'the payment service killed %s: cancelled, never charged, the units are back',
    { tags: ['slow'] },
    killedAt(unpaid, 'payments'),
  );
});

describe('an order that was paid although no webhook came', () => {
  test.each(
    sidesOf(
      'call that asks for the session',
      'commit of endPaymentSession',
      'commit of recordPaidSession',
      'commit of settleOrCancel',
    ),
  )(
    'the shop killed %s: not cancelled, charged once, dispatched once',
    { tags: ['slow'] },
    killedAt(paidWithoutWebhook, 'shop'),
  );
});
