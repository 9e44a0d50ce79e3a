import cluster from 'node:cluster';
import { type Kept, keepRunning } from './keep-running.ts';

export interface ShopsOptions {
  /** The compiled program of one shop process. */
  readonly entry: string;
  readonly count: number;
  /** First part of the executor ids; the second is the slot, so that a new process takes up what the old one left. */
  readonly executorPrefix: string;
  /** Asked before each start of a process. */
  readonly environment: () => NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

/** Starts `count` shop processes that share one port, and keeps them running. */
export function startShops(options: ShopsOptions): Kept[] {
  // The kernel hands connections out. Node's own way loses the one that it was handing to a process as that died,
  // and the browser waits for an answer that never comes.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  // The engine uses pg in a way that pg will not allow one day; the shop's log is not the place to say so at each start.
  cluster.setupPrimary({ exec: options.entry, args: [], execArgv: ['--no-deprecation'] });
  return Array.from({ length: options.count }, (_, slot) => {
    const name = `${options.executorPrefix}-${slot}`;
    return keepRunning({
      name,
      spawn: () => cluster.fork({ ...options.environment(), EXECUTOR_ID: name }).process,
      log: options.log,
    });
  });
}
