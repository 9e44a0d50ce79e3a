import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { listUnplacedEvents, readAccounts } from '../database/queries/reconciliation.ts';
import { raiseAttention, resolveAttention } from '../database/transactions/attention.ts';
import { flagOverduePayments } from '../database/transactions/flag-overdue-payments.ts';
import { retryDeferredEvent } from '../database/transactions/ingest-payment-event.ts';
import { recordReconciliation } from '../database/transactions/record-reconciliation.ts';
import { restartMissingWorkflows } from '../database/transactions/restart-workflows.ts';
import { inTransaction } from '../shared/statement.ts';
import { ingestOrSendToAttention } from './attention.ts';
import { type ComparisonContext, compareWithProvider, type Differences } from './compare-with-provider.ts';
import { maxRecoveryAttempts, runScheduledTask } from './engine.ts';
import { resumeStalledWorkflows } from './recovery.ts';

const shopSchedule = 'reconcile';
const providerSchedule = 'compare-with-provider';
// A few minutes past, when fewer other things begin.
const hourly = '0 7 * * * *';
const daysToCompare = 3;
const dayMs = 86_400_000;

/** What one run put right. */
export interface Reconciled {
  readonly restarted: number;
  readonly resumed: number;
  readonly events_placed: number;
}

/** The two halves of reconciliation, for their schedules and for an operator who does not want to wait. */
export interface Reconciler {
  /** Our own rows: workflows that are due and do not run, and events that can be placed by now. */
  reconcile(): Promise<Reconciled>;
  /** The provider's lists against our rows, and the sums of stock and money. */
  compare(): Promise<Differences>;
  /** Registers the schedules; call it once DBOS is launched. */
  schedule(everySeconds: number): Promise<void>;
}

/**
 * Registers reconciliation: it repairs what the business depends on and nobody waits for, through the same
 * workflows and transactions as everything else, counts what it repaired, and reports the sums of stock and money.
 */
export function registerReconciler(comparing: ComparisonContext): Reconciler {
  const reconcile = () => reconcileShop(comparing);
  const compare = () => reconcileWithProvider(comparing);
  // Each is one step that is safe to repeat: a run that dies or fails in the middle is made up for by the next.
  const shopRun = DBOS.registerWorkflow(
    async (_at: Date) => {
      await runScheduledTask('reconcile', reconcile);
    },
    { name: shopSchedule, maxRecoveryAttempts },
  );
  const providerRun = DBOS.registerWorkflow(
    async (_at: Date) => {
      await runScheduledTask('compareWithProvider', compare);
    },
    { name: providerSchedule, maxRecoveryAttempts },
  );
  return {
    reconcile,
    compare,
    schedule: (everySeconds) =>
      DBOS.applySchedules([
        { scheduleName: shopSchedule, workflowFn: shopRun, schedule: cronOf(everySeconds) },
        { scheduleName: providerSchedule, workflowFn: providerRun, schedule: hourly },
      ]),
  };
}

/** @param seconds divides a minute or an hour, which the settings see to */
function cronOf(seconds: number): string {
  if (seconds < 60) return `*/${seconds} * * * * *`;
  return seconds < 3600 ? `0 */${seconds / 60} * * * *` : '0 0 * * * *';
}

async function reconcileShop({ database, context, provider }: ComparisonContext): Promise<Reconciled> {
  const restarted = await inTransaction(database, restartMissingWorkflows);
  const resumed = await resumeStalledWorkflows(database);
  await inTransaction(database, flagOverduePayments);
  let placed = 0;
  for (const body of await listUnplacedEvents(database)) {
    const event = provider.readEvent(body);
    const outcome =
      event &&
      (await ingestOrSendToAttention(database, event, () => retryDeferredEvent(database, context, event)));
    if (outcome && outcome !== 'known' && outcome !== 'unknown_order' && outcome !== 'too_early') placed += 1;
  }
  const repaired = { restarted, resumed, events_placed: placed };
  await recordReconciliation(database, 'shop', { repaired, report: repaired });
  if (restarted + resumed + placed > 0) DBOS.logger.warn(`Reconciled: ${JSON.stringify(repaired)}`);
  return repaired;
}

async function reconcileWithProvider(comparing: ComparisonContext): Promise<Differences> {
  const { database } = comparing;
  const now = new Date();
  const since = new Date(now.getTime() - daysToCompare * dayMs);
  try {
    const differences = await compareWithProvider(comparing, since, now);
    await report(database, differences);
    return differences;
  } catch (error) {
    // The provider may be away for long; our own sums are looked at all the same.
    await report(database, null);
    throw error;
  }
}

/** Adds everything up, tells a person when it does not add up, and writes the report. */
async function report(database: Database, differences: Differences | null): Promise<void> {
  const accounts = await readAccounts(database);
  const wrong = accounts.contradictions > 0 || accounts.stock.some(({ balanced }) => !balanced);
  const matter = { kind: 'accounts_wrong', subject: 'accounts' } as const;
  await inTransaction(database, (sql) =>
    wrong
      ? raiseAttention(sql, { ...matter, orderId: null, reason: { code: 'accounts_wrong', accounts } })
      : resolveAttention(sql, { ...matter, resolution: 'accounts_right' }),
  );
  await recordReconciliation(database, 'provider', {
    repaired: { ...differences },
    report: { differences },
  });
}
