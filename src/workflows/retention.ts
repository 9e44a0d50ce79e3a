import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { type FinishedSearch, listFinishedTrees } from '../database/queries/finished-workflows.ts';

const dayMs = 86_400_000;
// Schedules run by the thousand a day, and yesterday's runs are of no use to anybody.
const daysOfScheduledRuns = 1;

/** Trees of workflows that are removed in one transaction. */
export const treesAtOnce = 500;
const batchesAtMost = 400;

/**
 * Removes workflows that ended more than `retentionDays` before `now` (milliseconds since 1970), each together with
 * everything that came of it, and the runs of schedules after a day. Orders, payments, refunds, emails and payment events
 * stay: they, and not the workflows, remember what was done (decision 14).
 * @returns how many were removed; what is too much for one run is left to the next
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
