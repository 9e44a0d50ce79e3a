import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { listDeferredEvents, readAccounts } from '../database/queries/reconciliation.ts';
import { raiseAttention, resolveAttention } from '../database/transactions/attention.ts';
import { endUnknownExecutors } from '../database/transactions/executors.ts';
import { flagFailedWorkflows } from '../database/transactions/flag-failed-workflows.ts';
import { flagOverdueWork } from '../database/transactions/flag-overdue-work.ts';
import { retryDeferredEvent } from '../database/transactions/ingest-payment-event.ts';
import { recordFoundDisputes } from '../database/transactions/record-dispute.ts';
import { recordReconciliation } from '../database/transactions/record-reconciliation.ts';
import { restartMissingWorkflows } from '../database/transactions/restart-workflows.ts';
import { resolveKnownPayments, resolveRefundedPayments } from '../database/transactions/unknown-payments.ts';
import { inTransaction, statementsOf } from '../shared/statement.ts';
import { ingestOrSendToAttention } from './attention.ts';
import {
  type ComparisonContext,
  compareWithProvider,
  type Differences,
  listUnknownPayment,
} from './compare-with-provider.ts';
import { maxRecoveryAttempts, runScheduledTask } from './engine.ts';

const shopSchedule = 'reconcile';
const providerSchedule = 'compare-with-provider';
// Seven minutes past, when fewer other programs start work.
const hourly = '0 7 * * * *';
const daysToCompare = 3;
const dayMs = 86_400_000;

/** The repairs of one run. */
export interface Reconciled {
  readonly restarted: number;
  readonly events_placed: number;
}

/** The two halves of reconciliation, for their schedules and for an operator who does not want to wait. */
export interface Reconciler {
  /** Checks our own rows: workflows that are due and do not run, and deferred events that can be applied by now. */
  reconcile(): Promise<Reconciled>;
  /** Compares the provider's lists with our rows, and checks the sums of stock and money. */
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
  // A comparison may take long, and callers at the same time share it.
  const compare = shared(() => reconcileWithProvider(comparing));
  // Each is one step that is safe to repeat: the next run completes one that failed in the middle.
  const register = (name: string, step: string, run: () => Promise<unknown>) =>
    DBOS.registerWorkflow(async (_at: Date) => void (await runScheduledTask(step, run)), {
      name,
      maxRecoveryAttempts,
    });
  const shopRun = register(shopSchedule, 'reconcile', reconcile);
  const providerRun = register(providerSchedule, 'compareWithProvider', compare);
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

/** A function whose calls get the result of the run that is in progress; the first call begins one. */
function shared<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= run().finally(() => (running = undefined));
    return running;
  };
}

/** @param seconds divides a minute or an hour, which the settings see to */
function cronOf(seconds: number): string {
  if (seconds < 60) return `*/${seconds} * * * * *`;
  return seconds < 3600 ? `0 */${seconds / 60} * * * *` : '0 0 * * * *';
}

async function reconcileShop(comparing: ComparisonContext): Promise<Reconciled> {
  const { database, context, provider } = comparing;
  const restarted = await inTransaction(database, restartMissingWorkflows);
  await endUnknownExecutors(statementsOf(database));
  await inTransaction(database, flagOverdueWork);
  await inTransaction(database, flagFailedWorkflows);
  await inTransaction(database, resolveKnownPayments);
  let applied = await recordFoundDisputes(database);
  for (const { body, email, overdue } of await listDeferredEvents(database)) {
    const read = provider.readEvent(body);
    if (!read) continue;
    const event = { ...read, email: email ?? read.email };
    const outcome = await ingestOrSendToAttention(database, event, () =>
      retryDeferredEvent(database, context, event),
    );
    if (outcome && outcome !== 'known' && outcome !== 'unknown_order' && outcome !== 'too_early')
      applied += 1;
    // Its order should be known by now.
    if (outcome === 'unknown_order' && overdue) await listUnknownPayment(comparing, event);
  }
  await inTransaction(database, resolveRefundedPayments);
  const repaired = { restarted, events_placed: applied };
  await recordReconciliation(database, 'shop', { repaired, report: repaired });
  if (restarted + applied > 0) DBOS.logger.warn(`Reconciled: ${JSON.stringify(repaired)}`);
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
    // The provider may be away for long. Our own sums are checked anyway.
    await report(database, null);
    throw error;
  }
}

/** Checks the sums of stock and money, raises an attention item when they are wrong, and records the report. */
async function report(database: Database, differences: Differences | null): Promise<void> {
  const accounts = await readAccounts(database);
  const wrong =
    accounts.contradictions > 0 || [...accounts.stock, ...accounts.codes].some(({ balanced }) => !balanced);
  const item = { kind: 'accounts_wrong', subject: 'accounts' } as const;
  await inTransaction<unknown>(database, (sql) =>
    wrong
      ? raiseAttention(sql, { ...item, orderId: null, reason: { code: 'accounts_wrong', accounts } })
      : resolveAttention(sql, { ...item, resolution: 'accounts_right' }),
  );
  await recordReconciliation(database, 'provider', { repaired: { ...differences }, report: { differences } });
}
