import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { applicationName, checkoutWorkflowIdSql, failuresSql, workflowIdSql } from '../workflow-ids.ts';

/** The workflows to list. */
export interface FinishedSearch {
  /** `scheduled`: only the runs of schedules that went well. */
  readonly kind: 'any' | 'scheduled';
  /** Every workflow of a tree ended before this, in milliseconds since 1970. */
  readonly before: number;
  /** Trees at once. */
  readonly limit: number;
}

/**
 * Lists the workflows of whole trees, a workflow and all its descendants, that have ended before a time; oldest first. It
 * leaves out the workflows of open attention items, because their steps help to find the cause.
 * @returns the ids of all their workflows
 */
export async function listFinishedTrees(
  database: Database,
  { kind, before, limit }: FinishedSearch,
): Promise<string[]> {
  const rows = await statementsOf(database)<{ ids: string[] }>(kind === 'any' ? any : scheduled, {
    before,
    limit,
    applicationName,
  });
  return rows.flatMap(({ ids }) => ids);
}

// The engine sets `completed_at` when a workflow ends in any way, and clears it when one is resumed.
const finishedTrees = (order: string, alsoRequired = '') => `
  with item (workflow, id) as materialized (
    select workflow, cast(subject as bigint) from attention join ${failuresSql} using (kind) where resolved_at is null
  ), kept (workflow_id) as (
    select ${workflowIdSql('workflow', 'id', 'nullif(restart, 0)')} from item
    left join restarts using (workflow, id) cross join generate_series(0, coalesce(count, 0)) as restart
    union all
    select subject from attention where kind = 'workflow_failed' and resolved_at is null
    union all
    select ${checkoutWorkflowIdSql} from item join orders on order_id = id where workflow = 'resume-checkout'
  )
  select ids
  from dbos.workflow_status as root cross join lateral (
    with recursive member (id, completed_at) as (
      select root.workflow_uuid, root.completed_at
      union all
      select child.workflow_uuid, child.completed_at
      from member join dbos.workflow_status as child on child.parent_workflow_id = member.id
    )
    select array_agg(id) as ids,
      bool_and((completed_at < :before and id <> all(array(select workflow_id from kept))) is true) as is_finished
    from member
  ) as tree
  where root.completed_at < :before and root.application_name = :applicationName
    and not exists (
      select from dbos.workflow_status as parent where parent.workflow_uuid = root.parent_workflow_id
    )
    and is_finished ${alsoRequired}
  order by ${order} limit :limit`;

// Each in the order of an index, so that Postgres stops reading when it has enough.
const any = finishedTrees('root.completed_at');
const scheduled = finishedTrees(
  'root.schedule_name',
  `and root.schedule_name is not null and root.status = 'SUCCESS'`,
);
