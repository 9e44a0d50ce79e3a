import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

/** A living process, and how many workflows it took over from ended ones. */
export interface LivingExecutor {
  readonly executorId: string;
  readonly host: string;
  readonly build: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** Over the time for which take-overs are kept. */
  readonly takenOver: number;
}

const executorsPerList = 50;

/** Lists the living processes, the longest running first. */
export function listExecutors(database: Database): Promise<LivingExecutor[]> {
  return statementsOf(database)<LivingExecutor>(
    `select executor_id, host, build, started_at, seen_at,
       cast(coalesce((select sum(workflows) from take_overs where by_executor = executor_id), 0) as integer) as taken_over
     from executors where ended_at is null order by started_at limit :limit`,
    { limit: executorsPerList },
  );
}
