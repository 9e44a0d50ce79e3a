import type { Statement } from './statement.ts';

/** Sessions in the order of their creation with the charges on them, and whether more follow. */
export interface Books {
  readonly sessions: object[];
  readonly charges: object[];
  readonly has_more: boolean;
}

const session = `
  id, status, case when payment_intent is null then 'unpaid' else 'paid' end as payment_status, payment_intent,
  client_reference_id, cast(amount_total as float8) as amount_total, currency,
  cast(extract(epoch from created_at) as integer) as created,
  cast(extract(epoch from expires_at) as integer) as expires_at`;

/** Reads one page of the books: `limit` sessions behind the one named `after`, and their charges. */
export async function readBooks(sql: Statement, after: string | undefined, limit: number): Promise<Books> {
  const sessions = await sql<{ id: string }>(
    `select ${session} from sessions
     where position > coalesce((select position from sessions where id = :after), 0)
     order by position limit :limit`,
    { after: after ?? '', limit: limit + 1 },
  );
  const page = sessions.slice(0, limit);
  const charges = await sql<object>(
    `select charges.id, session_id, client_reference_id, cast(amount as float8) as amount, charges.currency,
            cast(extract(epoch from charges.created_at) as integer) as created
     from charges join sessions on sessions.id = session_id
     where session_id = any(:ids) order by position`,
    { ids: page.map(({ id }) => id) },
  );
  return { sessions: page, charges, has_more: sessions.length > limit };
}
