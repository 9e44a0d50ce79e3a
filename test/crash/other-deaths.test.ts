import { afterAll, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../support/processes.ts';
import { ArenaPool } from './arena.ts';
import { bothSidesOf, caseTimeout, expectAllWell, type Kill, tell, tellWithKill } from './crash-case.ts';
import { paid } from './stories.ts';

// Other deaths in the life of an order that is paid: of the payment service, of both processes together, of the shop
// while it takes its work up again, and of the shop again and again.

const arenas = new ArenaPool({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => arenas.close());

describe('the payment service', () => {
  test.concurrent.each<CrashPoint>([
    ...bothSidesOf('new session', 'charge'),
    'after the commit of claim of event',
    ...bothSidesOf('note of delivery'),
  ])(
    'killed %s: charged once, dispatched once',
    (at) => arenas.use((arena) => tellWithKill(arena, paid, { process: 'payments', at })),
    caseTimeout,
  );
});

describe('both processes', () => {
  test.concurrent.each<Kill>([
    { process: 'shop', at: 'after the call that creates the session', and: 'payments' },
    { process: 'payments', at: 'after the commit of charge', and: 'shop' },
    { process: 'shop', at: 'before the commit of webhook', and: 'payments' },
    { process: 'shop', at: 'before the commit of markDispatched', and: 'payments' },
  ])(
    'killed at once ($process $at): charged once, dispatched once',
    (kill) => arenas.use((arena) => tellWithKill(arena, paid, kill)),
    caseTimeout,
  );
});

describe('the shop, killed while an order waits for its payment and', () => {
  test.concurrent.each<CrashPoint>([...bothSidesOf('recovery'), ...bothSidesOf('claim of checkout')])(
    'again, on coming back, %s: charged once, dispatched once',
    (at) =>
      arenas.use(async (arena) => {
        const { shop } = arena.processes;
        const before = shop.deaths.length;
        await tell(arena, paid, async () => {
          shop.armNext(at);
          await shop.kill();
        });
        await expectAllWell(arena);
        expect(shop.deaths.slice(before), 'deaths').toEqual(['SIGKILL', at]);
      }),
    caseTimeout,
  );

  test.concurrent(
    'four times more, as soon as it answers: charged once, dispatched once',
    () =>
      arenas.use(async (arena) => {
        const { shop } = arena.processes;
        const before = shop.deaths.length;
        await tell(arena, paid, async () => {
          for (let time = 0; time < 5; time += 1) {
            await shop.kill();
            await shop.ready();
          }
        });
        await expectAllWell(arena);
        expect(shop.deaths.slice(before), 'deaths').toEqual(Array.from({ length: 5 }, () => 'SIGKILL'));
      }),
    caseTimeout,
  );
});
