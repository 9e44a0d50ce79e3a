import { flash } from './flash.ts';
import { history } from './history.ts';
import { hot } from './hot.ts';
import { recovery } from './recovery.ts';
import type { Scenario } from './scenario.ts';
import { streams } from './streams.ts';
import { waiting } from './waiting.ts';

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [hot, history, waiting, recovery, streams, flash];
