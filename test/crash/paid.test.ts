import { afterAll, describe, test } from 'vitest';
import { ReusedFixture } from '../support/fixture.ts';
import type { CrashPoint } from '../support/processes.ts';
import { runWithKill, sidesOf } from './crash-case.ts';
import { givenUp, outOfStock, paid, type Scenario } from './scenarios.ts';

// The shop is killed at each of its commits between the checkout and the end of the dispatch, and around its call to
// the provider. The shopper and the provider ask again, and the order ends as it should.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

function killedAt(scenario: Scenario): (at: CrashPoint) => Promise<void> {
  return (at) => reused.use((fixture) => runWithKill(fixture, scenario, { process: 'shop', at }));
}

describe('an order that is paid, the shop', () => {
  test.each([
    ...sidesOf(
      'commit of start of checkout',
      'commit of placeOrder',
      'call that creates the session',
      'commit of recordSession',
      'commit of openCheckout',
      'commit of webhook',
      'commit of DBOS.recv',
      'commit of end of checkout',
    ),
    'after the commit of start of dispatch',
    ...sidesOf('commit of claim of dispatch', 'commit of dispatchOrder', 'commit of end of dispatch'),
  ] as CrashPoint[])('killed %s: charged once, dispatched once', killedAt(paid));
});

describe('an order whose payment was given up, the shop', () => {
  test.each(sidesOf('commit of webhook', 'commit of settleOrCancel'))(
    'killed %s: cancelled, never charged, the units are back',
    { tags: ['slow'] },
    killedAt(givenUp),
  );
});

describe('an order that is out of stock, the shop', () => {
  test.each(sidesOf('commit of refusal'))(
    'killed %s: refused once, nothing held',
    { tags: ['slow'] },
    killedAt(outOfStock),
  );
});
