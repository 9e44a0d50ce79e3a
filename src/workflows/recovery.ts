import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { listStalledWorkflows } from '../database/queries/workflows.ts';

const slotsMax = 64;
const atOnce = 500;

/**
 * Resumes the workflows of shop processes that no longer exist, because the supervisor now runs fewer of them: those of the
 * slots from `count` on. The first shop does this for all.
 * Only for processes of one supervisor, because names of other hosts may belong to running processes.
 */
export async function recoverOrphanedWorkflows(executorId: string, count: number): Promise<void> {
  const [, prefix, slot] = /^(.+)-(\d+)$/.exec(executorId) ?? [];
  if (slot !== '0') return;
  const gone = Array.from({ length: slotsMax - count }, (_, index) => `${prefix}-${count + index}`);
  if (gone.length === 0) return;
  for (;;) {
    const left = await DBOS.listWorkflows({ status: 'PENDING', executorId: gone, limit: atOnce });
    if (left.length === 0) return;
    await DBOS.resumeWorkflows(left.map(({ workflowID }) => workflowID));
  }
}

/**
 * Resumes stalled workflows on any host: their work has been due for long, and they have taken no step since. If the old
 * process still runs, the engine lets only one of the two continue.
 * @returns how many were resumed
 */
export async function resumeStalledWorkflows(database: Database): Promise<number> {
  const stalled = await listStalledWorkflows(database);
  if (stalled.length > 0) await DBOS.resumeWorkflows(stalled);
  return stalled.length;
}
