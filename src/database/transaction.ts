import { DBOS } from '@dbos-inc/dbos-sdk';
import { runWithDataSourceContext } from '@dbos-inc/dbos-sdk/internal/context';
import { runTransactionalInternalStep } from '@dbos-inc/dbos-sdk/internal/dbos';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils';
import { cannotConnectNow, isTransient } from '../shared/outage.ts';
import { type Statement, statementsOn } from '../shared/statement.ts';

const secondsBetweenTriesAtMost = 2;

/**
 * Makes a durable step of a workflow out of a database callback: its statements and the record that the step is done
 * are one commit (decision 2).
 *
 * - Runs once: a replay returns the recorded value, also when the answer to the commit was lost.
 * - Retried for as long as Postgres is away; never recorded as an outcome because of that.
 * - Refused when another process has taken the workflow over.
 *
 * The callback may run again after a lost connection, so it only talks to the database, through the statement it is
 * given. An outcome that the business expects is its return value; a throw is a fault and fails the workflow for good.
 */
export function transaction<Args extends unknown[], Result>(
  name: string,
  callback: (sql: Statement, ...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return (...args) => {
    if (!DBOS.isInWorkflow()) throw new Error(`${name} is a step: it runs inside a workflow only.`);
    return runTransactionalInternalStep(
      // The SDK must refuse steps inside this one: they would take a place in the workflow that a replay skips.
      (client) => {
        if (!client) throw new Error('The engine gave no connection to the step.');
        return runWithDataSourceContext(0, () => callback(statementsOn(client), ...args)).catch(retryLater);
      },
      name,
    );
  };
}

/** Whether this process runs a workflow now. The engine has no public function for that. */
export function isRunningHere(workflowId: string): boolean {
  return DBOSExecutor.globalInstance?.systemDatabase.checkForRunningWorkflow(workflowId) ?? false;
}

/** Makes the engine look for a lost Postgres every two seconds at most, instead of every minute. */
export function limitTimeBetweenRetries(): void {
  dbRetryConfig.maxBackoffSec = secondsBetweenTriesAtMost;
}

/** The engine would record a state that passes as the step's outcome. */
function retryLater(error: unknown): never {
  if (!isTransient(error)) throw error;
  throw Object.assign(new Error('Postgres refuses for now', { cause: error }), { code: cannotConnectNow });
}
