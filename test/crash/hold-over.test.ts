import { afterAll, describe, test } from 'vitest';
import type { CrashPoint } from '../support/processes.ts';
import { ArenaPool } from './arena.ts';
import { bothSidesOf, caseTimeout, type Kill, tellWithKill } from './crash-case.ts';
import { paidUnheard, type Story, unpaid } from './stories.ts';

// The hold ends and no webhook has come: the shop asks the provider before it cancels. It is killed at each commit and
// around each call of that; the payment service is killed at the commit that ends the session.

const arenas = new ArenaPool({ HOLD_SECONDS: '4', DISPATCH_SECONDS: '0.5' });

afterAll(() => arenas.close());

function killedAt(story: Story, process: Kill['process']): (at: CrashPoint) => Promise<void> {
  return (at) => arenas.use((arena) => tellWithKill(arena, story, { process, at }));
}

describe('an order that nobody pays', () => {
  test.concurrent.each([
    ...bothSidesOf('DBOS.recv'),
    'before the call that asks for the session',
    'after the call that asks for the session',
    'before the call that expires the session',
    'after the call that expires the session',
    ...bothSidesOf('endPaymentSession', 'concludePayment'),
  ] as CrashPoint[])(
    'the shop killed %s: cancelled, never charged, the units are back',
    killedAt(unpaid, 'shop'),
    caseTimeout,
  );

  test.concurrent.each(bothSidesOf('expiry'))(
    'the payment service killed %s: cancelled, never charged, the units are back',
    killedAt(unpaid, 'payments'),
    caseTimeout,
  );
});

describe('an order that was paid although no webhook came', () => {
  test.concurrent.each([
    'before the call that asks for the session',
    'after the call that asks for the session',
    ...bothSidesOf('endPaymentSession', 'recordPaid', 'concludePayment'),
  ] as CrashPoint[])(
    'the shop killed %s: not cancelled, charged once, dispatched once',
    killedAt(paidUnheard, 'shop'),
    caseTimeout,
  );
});
