import type { Database } from '../connection.ts';
import type { ReconciliationRow } from '../queries/reconciliation.ts';

/** Records the report of a reconciliation, and adds its repairs to the totals. */
export async function recordReconciliation(
  database: Database,
  scope: ReconciliationRow['scope'],
  run: { repaired: Readonly<Record<string, number>>; report: object },
): Promise<void> {
  await database.raw(
    `insert into reconciliation (scope, runs, last_run_at, repaired, report)
     values (:scope, 1, now(), cast(:repaired as jsonb), cast(:report as jsonb))
     on conflict (scope) do update set
       runs = reconciliation.runs + 1, last_run_at = now(), report = excluded.report,
       repaired = (
         select coalesce(jsonb_object_agg(what, total), '{}') from (
           select key as what, sum(cast(value as integer)) as total
           from (select * from jsonb_each_text(reconciliation.repaired)
                 union all select * from jsonb_each_text(excluded.repaired)) as counts
           group by key
         ) as totals
       )`,
    { scope, repaired: JSON.stringify(run.repaired), report: JSON.stringify(run.report) },
  );
}
