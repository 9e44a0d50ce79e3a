import { afterAll, describe, test } from 'vitest';
import type { CrashPoint } from '../support/processes.ts';
import { ArenaPool } from './arena.ts';
import { bothSidesOf, caseTimeout, tellWithKill } from './crash-case.ts';
import { givenUp, outOfStock, paid, type Story } from './stories.ts';

// The shop is killed at each of its commits between the checkout and the end of the dispatch, and around its call to
// the provider; the shopper and the provider just ask again. Whatever the instant, the order ends as it should.

const arenas = new ArenaPool({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => arenas.close());

function killedAt(story: Story): (at: CrashPoint) => Promise<void> {
  return (at) => arenas.use((arena) => tellWithKill(arena, story, { process: 'shop', at }));
}

describe('an order that is paid, the shop', () => {
  test.concurrent.each([
    ...bothSidesOf('start of checkout', 'placeOrder'),
    'before the call that creates the session',
    'after the call that creates the session',
    ...bothSidesOf('recordSession', 'openCheckout'),
    ...bothSidesOf('webhook', 'DBOS.recv', 'end of checkout'),
    'after the commit of wake-up of dispatch',
    ...bothSidesOf('claim of dispatch', 'markDispatched', 'end of dispatch'),
  ] as CrashPoint[])('killed %s: charged once, dispatched once', killedAt(paid), caseTimeout);
});

describe('an order whose payment was given up, the shop', () => {
  test.concurrent.each(bothSidesOf('webhook', 'concludePayment'))(
    'killed %s: cancelled, never charged, the units are back',
    killedAt(givenUp),
    caseTimeout,
  );
});

describe('an order that is out of stock, the shop', () => {
  test.concurrent.each(bothSidesOf('refusal'))(
    'killed %s: refused once, nothing held',
    killedAt(outOfStock),
    caseTimeout,
  );
});
