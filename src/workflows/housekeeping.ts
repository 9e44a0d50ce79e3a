import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { removeOldCarts } from '../database/transactions/carts.ts';
import { attempt } from './attempt.ts';
import { maxRecoveryAttempts } from './engine.ts';
import { removeFinishedWorkflows } from './retention.ts';

/** What is done from time to time so that nothing grows for ever. */
export interface Housekeeper {
  /** Registers the schedule; call it once DBOS is launched. */
  schedule(): Promise<void>;
}

const name = 'housekeeping';
// Between the hourly comparisons, when little else begins.
const hourly = '0 37 * * * *';

/**
 * Registers the housekeeping. What a run does not do, the next one does.
 * @param retentionDays how long workflows are kept that have ended
 */
export function registerHousekeeping(
  database: Database,
  { retentionDays }: { readonly retentionDays: number },
): Housekeeper {
  const workflow = DBOS.registerWorkflow(
    async (_at: Date) => {
      await attempt('removeOldCarts', () => removeOldCarts(database));
      await attempt('removeFinishedWorkflows', () =>
        removeFinishedWorkflows(database, { retentionDays, now: Date.now() }),
      );
    },
    { name, maxRecoveryAttempts },
  );
  return {
    schedule: () => DBOS.applySchedules([{ scheduleName: name, workflowFn: workflow, schedule: hourly }]),
  };
}
