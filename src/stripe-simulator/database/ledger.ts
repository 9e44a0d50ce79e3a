import type { Statement } from './statement.ts';

/** Sessions in the order of their creation with all the money that moved for them, and whether more follow. */
export interface Ledger {
  readonly sessions: object[];
  readonly charges: object[];
  readonly refunds: object[];
  readonly disputes: object[];
  readonly has_more: boolean;
}

const session = `
  id, status, case payment when 'paid' then 'paid' else 'unpaid' end as payment_status, payment_intent,
  client_reference_id, cast(amount_total as float8) as amount_total, currency,
  cast(extract(epoch from created_at) as integer) as created,
  cast(extract(epoch from expires_at) as integer) as expires_at`;

const theirSessions = 'join sessions on sessions.id = session_id where session_id = any(:ids)';
const theirCharges = `join charges on charges.id = charge_id ${theirSessions}`;

const charge = `
  charges.id, session_id, payment_intent, client_reference_id, cast(charges.amount as float8) as amount,
  cast(amount_refunded as float8) as amount_refunded,
  exists (select from disputes where charge_id = charges.id) as disputed, charges.currency, 'succeeded' as status,
  cast(extract(epoch from charges.created_at) as integer) as created`;

const movement = (table: 'refunds' | 'disputes'): string => `
  ${table}.id, charge_id as charge, session_id, payment_intent, client_reference_id,
  cast(${table}.amount as float8) as amount, charges.currency,
  cast(extract(epoch from ${table}.created_at) as integer) as created`;

/** Reads one page of the ledger: `limit` sessions behind the one named `after`, and their money. */
export async function readLedger(sql: Statement, after: string | undefined, limit: number): Promise<Ledger> {
  const sessions = await sql<{ id: string }>(
    `select ${session} from sessions
     where position > coalesce((select position from sessions where id = :after), 0)
     order by position limit :limit`,
    { after: after ?? '', limit: limit + 1 },
  );
  const page = sessions.slice(0, limit);
  const ids = page.map(({ id }) => id);
  const charges = await sql<object>(`select ${charge} from charges ${theirSessions} order by position`, {
    ids,
  });
  const refunds = await sql<object>(
    `select ${movement('refunds')}, 'succeeded' as status, reason, refunds.metadata
     from refunds ${theirCharges}
     order by refunds.position`,
    { ids },
  );
  const disputes = await sql<object>(
    `select ${movement('disputes')}, 'needs_response' as status
     from disputes ${theirCharges}
     order by sessions.position`,
    { ids },
  );
  return { sessions: page, charges, refunds, disputes, has_more: sessions.length > limit };
}
