import type { Statement } from '../../shared/statement.ts';
import { applicationName, queues } from '../workflow-ids.ts';

// The processes that run workflows, and the workflows of those that ended (decision 21).

/** A process is declared dead when its row is older: seven heartbeats. */
export const deadAfterSeconds = 7;
const freshSeconds = 2;
// Postgres may commit the last claim of a killed process after its end was recorded.
const secondsToKeep = 60;

/** One process, as the others see it. */
export interface Executor {
  readonly executorId: string;
  readonly host: string;
  /** The version of the program. */
  readonly build: string;
}

/**
 * Inserts the row of a process, or renews it. A process that was declared dead and comes back counts as living again. Its row may have
 * been made by another process, which does not know its host and build.
 * @returns the time by the clock of Postgres, and whether a process has ended whose workflows may not be taken over yet
 */
export async function renewExecutor(
  sql: Statement,
  { executorId, host, build }: Executor,
): Promise<{ readonly seenAt: Date; readonly someEnded: boolean }> {
  const [renewed] = await sql<{ seenAt: Date; someEnded: boolean }>(
    `insert into executors (executor_id, host, build) values (:executorId, :host, :build)
     on conflict (executor_id) do update set seen_at = now(), ended_at = null, host = excluded.host, build = excluded.build
     returning seen_at, exists (select from executors as other where ended_at is not null) as some_ended`,
    { executorId, host, build },
  );
  if (!renewed) throw new Error('Postgres returned no row.');
  return renewed;
}

/** Records that a process has ended: its workflows may be taken over now. */
export async function endExecutor(sql: Statement, executorId: string): Promise<void> {
  await sql('update executors set ended_at = now() where executor_id = :executorId and ended_at is null', {
    executorId,
  });
}

/**
 * Declares the processes dead that have been silent for too long. It does nothing when the own row is old as well: Postgres stood
 * still between the two statements.
 * @param executorId the process that observes, which renewed its own row without a gap for that time
 * @returns the processes
 */
export async function endSilentExecutors(sql: Statement, executorId: string): Promise<string[]> {
  const ended = await sql<{ executorId: string }>(
    `update executors set ended_at = now()
     where ended_at is null and seen_at < now() - :seconds * interval '1 second' and exists (
       select from executors as observer
       where observer.executor_id = :executorId and observer.seen_at > now() - :fresh * interval '1 second'
     )
     returning executor_id`,
    { executorId, seconds: deadAfterSeconds, fresh: freshSeconds },
  );
  return ended.map((row) => row.executorId);
}

/**
 * Records the end of processes that have pending workflows and no row: those of a version without rows, and one that took work after
 * its row had been removed. A living process renews its row within a second.
 */
export async function endUnknownExecutors(sql: Statement): Promise<void> {
  await sql(
    `insert into executors (executor_id, host, build, ended_at)
     select distinct executor_id, '', '', now() from dbos.workflow_status
     where status = 'PENDING' and application_name = :applicationName and executor_id <> ''
       and not exists (select from executors where executors.executor_id = workflow_status.executor_id)
     on conflict do nothing`,
    { applicationName },
  );
}

/** Workflows that one statement takes over. */
export const workflowsAtOnce = 500;

/**
 * Gives the pending workflows of ended processes back to their queues, from which every living process takes them. The engine
 * refuses any further step of the old process, in case it still runs. The row of a process without pending workflows is removed later.
 * @param by the process that does it
 * @param options.conductor whether a Conductor recovers the workflows of its own processes, which then stay
 * @returns how many were given back; when it is `workflowsAtOnce`, there may be more
 */
export async function takeOver(
  sql: Statement,
  by: string,
  { conductor }: { readonly conductor: boolean } = { conductor: false },
): Promise<number> {
  const [taken] = await sql<{ workflows: number }>(takeOverStatement, {
    by,
    applicationName,
    conductor,
    limit: workflowsAtOnce,
  });
  const workflows = taken?.workflows ?? 0;
  if (workflows < workflowsAtOnce) await sql(removeStatement);
  return workflows;
}

// The update by which the engine itself gives workflows back.
const giveBackSql = `
  update dbos.workflow_status
  set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null, queue_name = coalesce(queue_name, '${queues.checkout}'),
    updated_at = cast(extract(epoch from now()) * 1000 as bigint)`;

// The engine's ids of processes with a Conductor. Our own have another form.
const conductorIds = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

const takeOverStatement = `
  with orphan as (
    select workflow_uuid from dbos.workflow_status
    where status = 'PENDING' and application_name = :applicationName
      and executor_id = any(array(
        select executor_id from executors
        where ended_at is not null and not (:conductor and executor_id ~ '${conductorIds}')
      ))
    limit :limit for update skip locked
  ), taken as (
    ${giveBackSql} from orphan where workflow_status.workflow_uuid = orphan.workflow_uuid
    returning executor_id
  ), noted as (
    insert into take_overs (from_executor, by_executor, workflows)
    select executor_id, :by, count(*) from taken group by executor_id
  )
  select cast(count(*) as integer) as workflows from taken having count(*) > 0`;

const removeStatement = `
  delete from executors
  where ended_at < now() - interval '${secondsToKeep} seconds' and not exists (
    select from dbos.workflow_status where workflow_status.executor_id = executors.executor_id and status = 'PENDING'
  )`;

// The engine starts a workflow at once after its claim.
const secondsUntilRunning = 10;

/** Lists the workflows that a process has claimed some seconds ago and not finished. */
export async function listClaims(sql: Statement, executorId: string): Promise<string[]> {
  const claims = await sql<{ workflowId: string }>(
    `select workflow_uuid as workflow_id from dbos.workflow_status where ${claimed}`,
    { executorId, applicationName, seconds: secondsUntilRunning },
  );
  return claims.map(({ workflowId }) => workflowId);
}

/** Gives workflows that a process has claimed back to their queues. */
export async function giveBack(
  sql: Statement,
  executorId: string,
  workflowIds: readonly string[],
): Promise<void> {
  await sql(`${giveBackSql} where workflow_uuid = any(:workflowIds) and ${claimed}`, {
    workflowIds: [...workflowIds],
    executorId,
    applicationName,
    seconds: secondsUntilRunning,
  });
}

const claimed = `status = 'PENDING' and executor_id = :executorId and application_name = :applicationName
  and updated_at < (extract(epoch from now()) - :seconds) * 1000`;

/** Removes the record of take-overs after some days. */
export async function removeOldTakeOvers(sql: Statement, days: number): Promise<void> {
  await sql(`delete from take_overs where taken_at < now() - :days * interval '1 day'`, { days });
}
