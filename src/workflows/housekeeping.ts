import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { removeOldCarts } from '../database/transactions/carts.ts';
import { maxRecoveryAttempts } from './limits.ts';

/** What is done from time to time so that nothing grows for ever. */
export interface Housekeeper {
  /** Registers the schedule; call it once DBOS is launched. */
  schedule(): Promise<void>;
}

const name = 'housekeeping';
// Between the hourly comparisons, when little else begins.
const hourly = '0 37 * * * *';

/** Registers the housekeeping. What a run does not do, the next one does. */
export function registerHousekeeping(database: Database): Housekeeper {
  const workflow = DBOS.registerWorkflow(
    async (_at: Date) => {
      await DBOS.runStep(
        () =>
          removeOldCarts(database).catch((error: unknown) => {
            DBOS.logger.warn(`Old carts stay until the next hour: ${String(error)}`);
            return 0;
          }),
        { name: 'removeOldCarts' },
      );
    },
    { name, maxRecoveryAttempts },
  );
  return {
    schedule: () => DBOS.applySchedules([{ scheduleName: name, workflowFn: workflow, schedule: hourly }]),
  };
}
