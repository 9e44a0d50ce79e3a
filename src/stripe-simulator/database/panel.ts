import type { Charge } from '../money.ts';
import type { Session } from '../session.ts';
import { selectCharge } from './charges.ts';
import { selectPage } from './cursor.ts';
import { type SessionRow, toSession } from './sessions.ts';
import type { Statement } from './statement.ts';

export interface EventRow {
  readonly id: string;
  readonly type: string;
  readonly reference: string | null;
  readonly withheld: boolean;
  readonly delivered: boolean;
  readonly attempts: number;
}

/** The newest sessions with their charges. */
export async function selectNewestSessions(
  sql: Statement,
  limit: number,
): Promise<{ session: Session; charge: Charge | undefined }[]> {
  const page = await selectPage<SessionRow>(sql, { from: 'sessions', where: [], bindings: {} }, { limit });
  return Promise.all(
    (page?.rows ?? []).map(async (row) => ({
      session: toSession(row),
      charge: await selectCharge(sql, row.id),
    })),
  );
}

/** The newest events with how their delivery stands. */
export function selectNewestEvents(sql: Statement, limit: number): Promise<EventRow[]> {
  return sql<EventRow>(
    `select events.id, type, withheld, delivered_at is not null as delivered, attempts,
            coalesce(client_reference_id, metadata->>'order_id') as reference
     from events left join sessions on sessions.id = session_id
     order by events.position desc limit :limit`,
    { limit },
  );
}
