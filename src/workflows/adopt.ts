import { DBOS } from '@dbos-inc/dbos-sdk';

const slotsMax = 64;
const atOnce = 500;

/**
 * Takes up the orders in flight of shop processes that will not come back, because the supervisor now runs fewer of
 * them: those of the slots from `count` on. The first shop does it for all; for any other it does nothing.
 * Only for processes that one supervisor runs: under names of other hosts somebody may be at work.
 */
export async function adoptOrdersInFlight(executorId: string, count: number): Promise<void> {
  const [, prefix, slot] = /^(.+)-(\d+)$/.exec(executorId) ?? [];
  if (slot !== '0') return;
  const gone = Array.from({ length: slotsMax - count }, (_, index) => `${prefix}-${count + index}`);
  for (;;) {
    const left = await DBOS.listWorkflows({ status: 'PENDING', executorId: gone, limit: atOnce });
    if (left.length === 0) return;
    await DBOS.resumeWorkflows(left.map(({ workflowID }) => workflowID));
  }
}
