import { afterAll, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { ReusedFixture } from '../support/fixture.ts';
import { type CrashCase, killsAt, sidesOf } from './crash-case.ts';
import { givenUp, outOfStock, paid } from './scenarios.ts';

// The shop is killed at each of its commits between the checkout and the end of the dispatch, and around its call to
// the provider. The shopper and the provider ask again, and the order ends as it should.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const cases: readonly CrashCase[] = [
  ...killsAt(
    [
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
    ],
    'an order that is paid, the shop killed %s: charged once, dispatched once',
    paid,
  ),
  ...killsAt(
    sidesOf('commit of webhook', 'commit of settleOrCancel'),
    'an order whose payment was given up, the shop killed %s: cancelled, never charged, the units are back',
    givenUp,
  ),
  ...killsAt(
    sidesOf('commit of refusal'),
    'an order that is out of stock, the shop killed %s: refused once, nothing held',
    outOfStock,
  ),
];

test.each(draw(cases, 2))('%s', (_title, run) => reused.use(run));
