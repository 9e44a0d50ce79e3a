import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Bindings, Statement } from '../../shared/statement.ts';
import { integer, readParameters } from '../http/parameters.ts';
import type { SimulatorContext } from '../transaction.ts';

const parameters = z.object({
  after: z
    .string()
    .regex(/^cs_test_\w+$/, 'The parameter "after" names a session')
    .optional(),
  limit: integer(1, 1_000).default(100),
});

/** The simulator's ledger: all money that moved, without names or addresses. */
export function ledgerRoutes({ sql }: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/ledger', async (request) => {
      const { after, limit } = readParameters(parameters, request.query);
      return readLedger(sql, after, limit);
    });
  };
}

const seconds = (column: string): string => `cast(extract(epoch from ${column}) as integer)`;
const movement = (table: 'refunds' | 'disputes'): string => `
  ${table}.id, charge_id as charge, session_id, payment_intent, client_reference_id, ${table}.amount, currency,
  ${seconds(`${table}.created_at`)} as created`;
const charged = `
  (select charges.*, position as session_position, payment_intent, client_reference_id
   from charges join sessions on sessions.id = session_id where session_id = any(:ids)) as charges`;

/** Reads `limit` sessions in the order of their creation, from the one behind `after`, with all money that moved for them. */
async function readLedger(sql: Statement, after: string | undefined, limit: number): Promise<object> {
  // As JSON, because its fields have Stripe's names.
  const read = async (query: string, bindings: Bindings) => {
    const rows = await sql<{ entry: { id: string } }>(
      `select row_to_json(entry) as entry from (${query}) as entry`,
      bindings,
    );
    return rows.map(({ entry }) => entry);
  };
  const sessions = await read(
    `select id, status, case payment when 'paid' then 'paid' else 'unpaid' end as payment_status, payment_intent,
            client_reference_id, amount_total, currency, ${seconds('created_at')} as created,
            ${seconds('expires_at')} as expires_at
     from sessions where position > coalesce((select position from sessions where id = :after), 0)
     order by position limit :limit`,
    { after: after ?? '', limit: limit + 1 },
  );
  const page = sessions.slice(0, limit);
  const ids = page.map(({ id }) => id);
  const charges = await read(
    `select id, session_id, payment_intent, client_reference_id, amount, amount_refunded, currency,
            exists (select from disputes where charge_id = charges.id) as disputed, 'succeeded' as status,
            ${seconds('created_at')} as created
     from ${charged} order by session_position`,
    { ids },
  );
  const refunds = await read(
    `select ${movement('refunds')}, 'succeeded' as status, reason, metadata
     from refunds join ${charged} on charges.id = charge_id order by position`,
    { ids },
  );
  const disputes = await read(
    `select ${movement('disputes')}, 'needs_response' as status
     from disputes join ${charged} on charges.id = charge_id order by session_position`,
    { ids },
  );
  return { sessions: page, charges, refunds, disputes, has_more: sessions.length > limit };
}
