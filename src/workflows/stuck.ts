import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { listStuckWorkflows } from '../database/queries/workflows.ts';

/**
 * Takes up workflows of processes that do not come back, wherever they ran: those that ought to have gone on long ago and
 * have not taken a step since. If their process lives after all, the engine lets only one of the two go on.
 * @returns how many were taken up
 */
export async function resumeStuckStories(database: Database): Promise<number> {
  const stuck = await listStuckWorkflows(database);
  if (stuck.length > 0) await DBOS.resumeWorkflows(stuck);
  return stuck.length;
}
