import { afterAll, test } from 'vitest';
import { draw } from '../support/drawn.ts';
import { ReusedFixture } from '../support/fixture.ts';
import { type CrashCase, killsAt, sidesOf } from './crash-case.ts';
import { changed } from './scenarios.ts';

// The shop is killed at each commit of a change and around its calls. The press is repeated, and there is one order in the place of the
// first one, which can no longer be paid.

const reused = new ReusedFixture({ HOLD_SECONDS: '120', DISPATCH_SECONDS: '0.5' });

afterAll(() => reused.close());

const cases: readonly CrashCase[] = killsAt(
  sidesOf('commit of beginning of a change', 'call that expires the session', 'commit of change'),
  'an order that is changed, the shop killed %s: one order, charged once, dispatched once',
  changed,
);

test.each(draw(cases, 2))('%s', (_title, run) => reused.use(run));
