import type { Database } from '../database/connection.ts';
import { repeatWakeUps } from '../database/outbox.ts';
import { statementsOf } from '../database/statement.ts';

const everyMs = 2_000;

/**
 * Keeps looking for messages whose wake-up was lost, as while Postgres restarts, so that no workflow that waits has to look
 * for itself (DESIGN §1, promise 4). Nothing of it throws: what fails is done at the next time.
 * @returns ends it
 */
export function keepRepeatingWakeUps(database: Database): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void repeatWakeUps(statementsOf(database))
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return () => {
    clearInterval(timer);
  };
}
