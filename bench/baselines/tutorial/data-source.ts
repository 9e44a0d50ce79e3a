import { AsyncLocalStorage } from 'node:async_hooks';
import { DBOS } from '@dbos-inc/dbos-sdk';
import {
  assertStillOwnsWorkflow,
  DBOSStepAlreadyRecordedError,
  migrateDataSourcePG,
  registerDataSource,
  replayRecordedStep,
  runTransaction,
} from '@dbos-inc/dbos-sdk/datasource';
import type { Knex } from 'knex';

const name = 'tutorial';
type Completion = { readonly output: string | null; readonly error: string | null };
const completions = 'dbos.transaction_completion';

/** Runs a callback as a durable transaction of the current workflow. */
export type RunTransaction = <Result>(
  step: string,
  callback: (trx: Knex.Transaction) => Promise<Result>,
) => Promise<Result>;

/**
 * Creates a data source by the SDK's public contract, because the published package does not load on this version. One
 * commit contains the transaction and a record of its result; a second contains the engine's checkpoint of the step.
 */
export function createDataSource(database: Knex): RunTransaction {
  const current = new AsyncLocalStorage<Knex.Transaction>();
  registerDataSource({
    name,
    initialize: () => database.transaction((trx) => migrateDataSourcePG((sql) => rowsOf(trx, sql))),
    destroy: () => database.destroy(),
    deleteCheckpoints: (workflowId, startStep, beforeCommit) =>
      database.transaction(async (trx) => {
        await trx(completions)
          .where({ workflow_id: workflowId })
          .where('function_num', '>=', startStep)
          .delete();
        await beforeCommit?.();
      }),
    invokeTransactionFunction: (_config, target, func, ...args) =>
      once(database, (trx) => current.run(trx, () => func.call(target, ...args))),
  });
  return (step, callback) =>
    runTransaction(
      () => {
        const trx = current.getStore();
        if (!trx) throw new Error(`${step} runs in no transaction.`);
        return callback(trx);
      },
      step,
      { dsName: name },
    );
}

async function rowsOf(trx: Knex.Transaction, sql: string): Promise<Record<string, unknown>[]> {
  const { rows } = await trx.raw<{ rows: Record<string, unknown>[] }>(sql);
  return rows;
}

async function once<Result>(
  database: Knex,
  callback: (trx: Knex.Transaction) => Promise<Result>,
): Promise<Result> {
  const { workflowID: workflowId, stepID: step } = DBOS;
  if (workflowId === undefined || step === undefined) throw new Error('A transaction needs a workflow.');
  const key = { workflow_id: workflowId, function_num: step };
  const recorded = () => database(completions).where(key).first<Completion | undefined>('output', 'error');

  const before = await recorded();
  if (before) return replayRecordedStep<Result>(before);
  try {
    return await database.transaction(async (trx) => {
      const result = await callback(trx);
      const inserted = await trx(completions)
        .insert({ ...key, output: serialize(result) })
        .onConflict(['workflow_id', 'function_num'])
        .ignore()
        .returning('workflow_id');
      if (inserted.length === 0) throw new DBOSStepAlreadyRecordedError(workflowId, step);
      await assertStillOwnsWorkflow(workflowId);
      return result;
    });
  } catch (error) {
    const winner = error instanceof DBOSStepAlreadyRecordedError ? await recorded() : undefined;
    if (!winner) throw error;
    return replayRecordedStep<Result>(winner);
  }
}

/** Writes the SDK's format for plain JSON values. */
function serialize(result: unknown): string {
  return JSON.stringify({ json: result });
}
