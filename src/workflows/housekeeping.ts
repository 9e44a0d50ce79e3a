import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { removeOldCarts } from '../database/transactions/carts.ts';
import { maxRecoveryAttempts, runScheduledTask } from './engine.ts';
import { removeFinishedWorkflows } from './retention.ts';

/** Removes old rows on a schedule, so that nothing grows for ever. */
export interface Housekeeper {
  /** Registers the schedule; call it once DBOS is launched. */
  schedule(): Promise<void>;
}

const name = 'housekeeping';
// Between the hourly comparisons, when little else begins.
const hourly = '0 37 * * * *';

/**
 * Registers the housekeeping. Work that a run leaves is done by the next one.
 * @param retentionDays how long workflows are kept that have ended
 */
export function registerHousekeeping(
  database: Database,
  { retentionDays }: { readonly retentionDays: number },
): Housekeeper {
  const workflow = DBOS.registerWorkflow(
    async (_at: Date) => {
      await runScheduledTask('removeOldCarts', () => removeOldCarts(database));
      await runScheduledTask('removeFinishedWorkflows', () =>
        removeFinishedWorkflows(database, { retentionDays, now: Date.now() }),
      );
    },
    { name, maxRecoveryAttempts },
  );
  return {
    schedule: () => DBOS.applySchedules([{ scheduleName: name, workflowFn: workflow, schedule: hourly }]),
  };
}
