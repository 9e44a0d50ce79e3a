import { type HoldLimits, unpaidMinutes } from '../../domain/limits.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';

// More would not shorten a hold any further.
const unpaidAtMost = 20;

/** SQL of the seconds for which the next order of a client holds its units, by the bindings `clients`, `holdSeconds` and `shortestHoldSeconds`. */
export const holdSecondsSql = `
  select greatest(
    cast(:holdSeconds as double precision) / power(cast(2 as double precision), greatest(coalesce(max(unpaid), 0) - 1, 0)),
    least(cast(:holdSeconds as double precision), cast(:shortestHoldSeconds as double precision))
  ) as seconds
  from unnest(cast(:clients as text[])) as hash cross join lateral (
    select count(*) as unpaid from (
      select from holders where client_hash = hash and unpaid_at > now() - interval '${unpaidMinutes} minutes'
      limit ${unpaidAtMost}
    ) as recent
  ) as counted`;

/** Reads the seconds for which the next order of a client will hold its units, as the reserving statement decides it. */
export async function readHoldSeconds(
  database: Database,
  next: Pick<HoldLimits, 'shortestHoldSeconds'> & {
    /** The hashes of the client. */
    readonly clients: readonly string[];
    readonly holdSeconds: number;
  },
): Promise<number> {
  const { holdSeconds, shortestHoldSeconds, clients } = next;
  const bindings = { holdSeconds, shortestHoldSeconds, clients: [...clients] };
  const [hold] = await statementsOf(database)<{ seconds: number }>(holdSecondsSql, bindings);
  return hold?.seconds ?? holdSeconds;
}
