import type { Statement } from '../../shared/statement.ts';
import {
  chooseFault,
  type Fault,
  type FaultGroup,
  type FaultOf,
  type FaultRates,
  type FaultSettings,
  faultNames,
  faultTimes,
  isAnyEnabled,
  type Occurrence,
} from '../faults.ts';

/** The injected faults that apply to one call or event. */
export interface FaultState {
  readonly seed: string;
  readonly rates: FaultRates;
  readonly settings: FaultSettings;
}

type StateRow = Omit<FaultState, 'settings'> & { readonly settings: Partial<FaultSettings> };

const initialSettings = Object.fromEntries(
  Object.entries(faultTimes).map(([name, { initial }]) => [name, initial]),
) as FaultSettings;

/** Reads the general faults. */
export async function selectFaults(sql: Statement): Promise<FaultState> {
  const [row] = await sql<StateRow>('select seed, rates, settings from faults');
  return toState(row);
}

/** Reads the faults for a call about an object of a session, and the shop's reference for that session. */
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
  return { seed: row.seed, rates: row.rates, settings: { ...initialSettings, ...row.settings } };
}

/** Reads the faults of every session that has its own. */
export async function selectSessionFaults(sql: Statement): Promise<Record<string, FaultRates>> {
  const rows = await sql<{ id: string; faults: FaultRates }>(
    'select id, faults from sessions where faults is not null order by position',
  );
  return Object.fromEntries(rows.map(({ id, faults }) => [id, faults]));
}

/** A new state of the general faults. A seed or setting that is undefined keeps its value. */
export interface FaultChange {
  readonly seed?: string | undefined;
  readonly faults: FaultRates;
  readonly settings: Partial<FaultSettings>;
}

/** Replaces the general faults. */
export async function updateFaults(sql: Statement, { seed, faults, settings }: FaultChange): Promise<void> {
  await sql(
    `update faults set seed = coalesce(cast(:seed as text), seed), rates = :faults,
            settings = settings || cast(:settings as jsonb)`,
    { seed: seed ?? null, faults: JSON.stringify(faults), settings: JSON.stringify(settings) },
  );
}

/** Gives a session faults of its own. False when there is no such session. */
export async function updateSessionFaults(sql: Statement, id: string, faults: FaultRates): Promise<boolean> {
  const rows = await sql('update sessions set faults = :faults where id = :id returning id', {
    id,
    faults: JSON.stringify(faults),
  });
  return rows.length > 0;
}

/** Turns all faults off and sets all counts to zero, as in a new database. */
export async function resetFaults(sql: Statement): Promise<void> {
  await sql(`update faults set seed = default, rates = default, settings = default`);
  await sql('update sessions set faults = null where faults is not null');
  await sql('delete from occurrences');
  await sql('delete from fault_hits');
}

export interface FaultHit<Name extends Fault> {
  readonly fault: Name;
  /** The number of earlier hits of this fault. */
  readonly before: number;
}

/** Counts an occurrence, chooses its fault, and records the hit. Undefined when no fault of the group hits. */
export async function recordOccurrence<Group extends FaultGroup>(
  sql: Statement,
  group: Group,
  rates: FaultRates,
  occurrence: Omit<Occurrence, 'before'>,
): Promise<FaultHit<FaultOf<Group>> | undefined> {
  if (!isAnyEnabled(group, rates)) return undefined;
  const { kind, reference } = occurrence;
  const [count] = await sql<{ before: number }>(
    `insert into occurrences (kind, reference, count) values (:kind, :reference, 1)
     on conflict (kind, reference) do update set count = occurrences.count + 1 returning count - 1 as before`,
    { kind, reference },
  );
  const fault = chooseFault(group, rates, { ...occurrence, before: count?.before ?? 0 });
  if (fault === undefined) return undefined;
  const [hit] = await sql<{ before: number }>(
    `insert into fault_hits (fault) values (:fault)
     returning (select cast(count(*) as integer) from fault_hits where fault = :fault) as before`,
    { fault },
  );
  return { fault, before: hit?.before ?? 0 };
}

/** Counts the hits of each fault. */
export async function countHits(sql: Statement): Promise<Readonly<Record<Fault, number>>> {
  const rows = await sql<{ fault: Fault; count: number }>(
    'select fault, cast(count(*) as integer) as count from fault_hits group by fault',
  );
  const none = Object.fromEntries(faultNames.map((fault) => [fault, 0])) as Record<Fault, number>;
  return { ...none, ...Object.fromEntries(rows.map(({ fault, count }) => [fault, count])) };
}
