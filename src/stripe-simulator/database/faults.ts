import { defaultSettings, type Fault, type FaultRates, type FaultSettings, faultNames } from '../faults.ts';
import type { Statement } from './statement.ts';

/** What goes wrong on purpose, for one call or event. */
export interface FaultState {
  readonly seed: string;
  readonly rates: FaultRates;
  readonly settings: FaultSettings;
}

interface StateRow {
  seed: string;
  rates: FaultRates;
  settings: Partial<FaultSettings>;
}

/** The faults in general. */
export async function selectFaults(sql: Statement): Promise<FaultState> {
  const [row] = await sql<StateRow>('select seed, rates, settings from faults');
  return toState(row);
}

/** The faults for a call about something that belongs to a session, and what the shop knows that session by. */
export async function selectFaultsAbout(
  sql: Statement,
  id: string,
): Promise<FaultState & { readonly reference: string | null }> {
  const [row] = await sql<StateRow & { reference: string | null }>(
    `select seed, settings, coalesce(session.faults, rates) as rates,
            coalesce(client_reference_id, metadata->>'order_id') as reference
     from faults left join (
       select * from sessions
       where id = coalesce(
         (select id from sessions where id = :id or payment_intent = :id),
         (select session_id from charges where id = :id),
         (select session_id from charges join refunds on charge_id = charges.id where refunds.id = :id),
         (select session_id from events where id = :id))
     ) as session on true`,
    { id },
  );
  return { ...toState(row), reference: row?.reference ?? null };
}

function toState(row: StateRow | undefined): FaultState {
  if (row === undefined) throw new Error('The faults vanished');
  return { seed: row.seed, rates: row.rates, settings: { ...defaultSettings, ...row.settings } };
}

/** Replaces the faults in general; seed and settings that are not given stay. */
export async function updateFaults(
  sql: Statement,
  change: { seed: string | undefined; faults: FaultRates; settings: Partial<FaultSettings> },
): Promise<void> {
  await sql(
    `update faults set seed = coalesce(cast(:seed as text), seed), rates = :faults,
            settings = settings || cast(:settings as jsonb)`,
    {
      seed: change.seed ?? null,
      faults: JSON.stringify(change.faults),
      settings: JSON.stringify(change.settings),
    },
  );
}

/** All faults off, as in a new database. */
export async function resetFaults(sql: Statement): Promise<void> {
  await sql(`update faults set seed = default, rates = default, settings = default`);
  await sql('update sessions set faults = null where faults is not null');
  await sql('delete from occurrences');
  await sql('delete from fault_hits');
}

/** Counts one more occurrence and says how many there were before. */
export async function countOccurrence(sql: Statement, what: string, reference: string): Promise<number> {
  const [row] = await sql<{ before: number }>(
    `insert into occurrences (what, reference, count) values (:what, :reference, 1)
     on conflict (what, reference) do update set count = occurrences.count + 1 returning count - 1 as before`,
    { what, reference },
  );
  return row?.before ?? 0;
}

/** Writes down that a fault hits, and says how often it had hits before. */
export async function recordHit(sql: Statement, fault: Fault): Promise<number> {
  const [row] = await sql<{ before: number }>(
    `insert into fault_hits (fault) values (:fault)
     returning (select cast(count(*) as integer) from fault_hits where fault = :fault) as before`,
    { fault },
  );
  return row?.before ?? 0;
}

/** How often each fault has hits. */
export async function countHits(sql: Statement): Promise<Record<Fault, number>> {
  const rows = await sql<{ fault: Fault; count: number }>(
    'select fault, cast(count(*) as integer) as count from fault_hits group by fault',
  );
  const hits = new Map(rows.map(({ fault, count }) => [fault, count]));
  return Object.fromEntries(faultNames.map((fault) => [fault, hits.get(fault) ?? 0])) as Record<
    Fault,
    number
  >;
}

/** The sessions with faults of their own. */
export async function selectSessionFaults(sql: Statement): Promise<Record<string, FaultRates>> {
  const rows = await sql<{ id: string; faults: FaultRates }>(
    'select id, faults from sessions where faults is not null order by position',
  );
  return Object.fromEntries(rows.map(({ id, faults }) => [id, faults]));
}
