import type { Database } from '../database/connection.ts';
import { type ErasureReason, listDueErasures } from '../database/queries/personal-data.ts';
import {
  eraseOldEvents,
  eraseOldTracking,
  eraseOldWords,
  eraseOrders,
} from '../database/transactions/erase-personal-data.ts';
import { inTransaction, statementsOf } from '../shared/statement.ts';

/** Deletes workflows that have ended, by their ids. */
export type DeleteWorkflows = (workflowIds: string[]) => Promise<void>;

const ordersAtOnce = 25;
const batchesAtMost = 800;

/**
 * Removes the personal data of the ended orders that are due for a reason, a few at a time. First the engine's part, which is found by
 * our rows, and then our rows. A crash in between leaves the rest to the next run.
 * @param settings.personalDataDays the days for the reason `ended`
 * @returns how many orders; the next run does the rest
 */
export async function erasePersonalData(
  database: Database,
  reason: ErasureReason,
  settings: { readonly personalDataDays: number; readonly deleteWorkflows: DeleteWorkflows },
): Promise<number> {
  const search = { reason, days: settings.personalDataDays, limit: ordersAtOnce };
  let erased = 0;
  for (let batch = 0; batch < batchesAtMost; batch += 1) {
    const due = await listDueErasures(database, search);
    if (due.length === 0) break;
    const workflowIds = due.flatMap(({ workflowIds: ids }) => ids);
    if (workflowIds.length > 0) await settings.deleteWorkflows(workflowIds);
    const orderIds = due.map(({ orderId }) => orderId);
    const done = await inTransaction(database, (sql) =>
      eraseOrders(sql, orderIds, { keepsBrowser: reason === 'unpaid' }),
    );
    erased += done;
    // Orders for which work has begun meanwhile are left to the next run.
    if (due.length < ordersAtOnce || done === 0) break;
  }
  return erased;
}

/** Removes all personal data that is due: of orders for each reason, of parcels, of attention items, and of events. @returns how many orders */
export async function eraseDuePersonalData(
  database: Database,
  settings: { readonly personalDataDays: number; readonly deleteWorkflows: DeleteWorkflows },
): Promise<number> {
  let erased = 0;
  for (const reason of ['asked', 'unpaid', 'ended'] as const) {
    erased += await erasePersonalData(database, reason, settings);
  }
  await eraseOldTracking(statementsOf(database), settings.personalDataDays);
  await eraseOldWords(statementsOf(database), settings.personalDataDays);
  await eraseOldEvents(statementsOf(database), settings.personalDataDays);
  return erased;
}
