import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { type FinishedSearch, listFinishedTrees } from '../database/queries/workflows.ts';
import { forgetUnpaidClients } from '../database/transactions/cancel-order.ts';
import { removeOldCarts } from '../database/transactions/carts.ts';
import { removeOldTakeOvers } from '../database/transactions/executors.ts';
import { statementsOf } from '../shared/statement.ts';
import { maxRecoveryAttempts, runScheduledTask } from './engine.ts';
import { eraseDuePersonalData } from './personal-data.ts';

/** Removes old rows and old personal data on a schedule. */
export interface Housekeeper {
  /** Registers the schedule; call it once DBOS is launched. */
  schedule(): Promise<void>;
}

const name = 'housekeeping';
// Between the hourly comparisons, when little else begins.
const hourly = '0 37 * * * *';

/**
 * Registers the housekeeping. Work that a run leaves is done by the next one.
 * @param settings.retentionDays how long workflows are kept that have ended
 * @param settings.personalDataDays how long the personal data of ended orders is kept
 */
export function registerHousekeeping(
  database: Database,
  { retentionDays, personalDataDays }: { readonly retentionDays: number; readonly personalDataDays: number },
): Housekeeper {
  const workflow = DBOS.registerWorkflow(
    async (_at: Date) => {
      await runScheduledTask('removeOldCarts', () => removeOldCarts(database));
      await runScheduledTask('forgetUnpaidClients', () => forgetUnpaidClients(statementsOf(database)));
      await runScheduledTask('removeOldTakeOvers', () =>
        removeOldTakeOvers(statementsOf(database), retentionDays),
      );
      await runScheduledTask('removeFinishedWorkflows', () =>
        removeFinishedWorkflows(database, { retentionDays, now: Date.now() }),
      );
      const deleteWorkflows = (workflowIds: string[]) => DBOS.deleteWorkflows(workflowIds);
      await runScheduledTask('erasePersonalData', () =>
        eraseDuePersonalData(database, { personalDataDays, deleteWorkflows }),
      );
    },
    { name, maxRecoveryAttempts },
  );
  return {
    schedule: () => DBOS.applySchedules([{ scheduleName: name, workflowFn: workflow, schedule: hourly }]),
  };
}

const dayMs = 86_400_000;
// Schedules run thousands of times a day, and yesterday's runs are of no use.
const daysOfScheduledRuns = 1;

/** Trees of workflows that are removed in one transaction. */
export const treesAtOnce = 500;
const batchesAtMost = 400;

/**
 * Removes workflows that ended more than `retentionDays` before `now` (milliseconds since 1970), each together with
 * its descendants, and the runs of schedules after a day. Orders, payments, refunds, emails and payment events stay: they are
 * the record of what was done (decision 14).
 * @returns how many were removed; the next run removes the rest
 */
export async function removeFinishedWorkflows(
  database: Database,
  { retentionDays, now }: { readonly retentionDays: number; readonly now: number },
): Promise<number> {
  const runs = await remove(database, { kind: 'scheduled', before: now - daysOfScheduledRuns * dayMs });
  return runs + (await remove(database, { kind: 'any', before: now - retentionDays * dayMs }));
}

async function remove(database: Database, search: Omit<FinishedSearch, 'limit'>): Promise<number> {
  let removed = 0;
  for (let batch = 0; batch < batchesAtMost; batch += 1) {
    const finished = await listFinishedTrees(database, { ...search, limit: treesAtOnce });
    if (finished.length === 0) break;
    await DBOS.deleteWorkflows(finished);
    removed += finished.length;
  }
  return removed;
}
