import type { Database } from '../database/connection.ts';
import { type FollowUps, repeatWakeUps } from '../database/outbox.ts';
import { statementsOf } from '../database/statement.ts';
import { tellHoldsOver } from '../database/transactions/holds-over.ts';

const everyMs = 1_000;

/**
 * Wakes the checkouts that wait, so that none of them has to look for itself: tells those whose hold is over, and repeats the
 * wake-ups that were lost, as while Postgres restarts (DESIGN §1, promise 4). Two statements a second, however many wait. Nothing
 * of it throws: what fails is done at the next time.
 * @returns ends it
 */
export function keepWaking(database: Database, followUps: FollowUps): () => void {
  const sql = statementsOf(database);
  let busy = false;
  const wake = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    await tellHoldsOver(sql, followUps).catch(() => undefined);
    await repeatWakeUps(sql).catch(() => undefined);
    busy = false;
  };
  const timer = setInterval(() => void wake(), everyMs);
  return () => {
    clearInterval(timer);
  };
}
