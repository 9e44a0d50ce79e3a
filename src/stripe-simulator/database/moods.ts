import { defaultSettings, type Mood, type MoodSettings, moodNames, type Shares } from '../moods.ts';
import type { Statement } from './statement.ts';

/** What goes wrong on purpose, for one call or event. */
export interface MoodState {
  readonly seed: string;
  readonly shares: Shares;
  readonly settings: MoodSettings;
}

interface StateRow {
  seed: string;
  shares: Shares;
  settings: Partial<MoodSettings>;
}

/** The moods in general. */
export async function selectMoods(sql: Statement): Promise<MoodState> {
  const [row] = await sql<StateRow>('select seed, shares, settings from moods');
  return toState(row);
}

/** The moods for a call about something that belongs to a session, and what the shop knows that session by. */
export async function selectMoodsAbout(
  sql: Statement,
  id: string,
): Promise<MoodState & { readonly reference: string | null }> {
  const [row] = await sql<StateRow & { reference: string | null }>(
    `select seed, settings, coalesce(session.moods, shares) as shares,
            coalesce(client_reference_id, metadata->>'order_id') as reference
     from moods left join (
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

function toState(row: StateRow | undefined): MoodState {
  if (row === undefined) throw new Error('The moods vanished');
  return { seed: row.seed, shares: row.shares, settings: { ...defaultSettings, ...row.settings } };
}

/** Replaces the moods in general; seed and settings that are not given stay. */
export async function updateMoods(
  sql: Statement,
  change: { seed: string | undefined; moods: Shares; settings: Partial<MoodSettings> },
): Promise<void> {
  await sql(
    `update moods set seed = coalesce(cast(:seed as text), seed), shares = :moods,
            settings = settings || cast(:settings as jsonb)`,
    {
      seed: change.seed ?? null,
      moods: JSON.stringify(change.moods),
      settings: JSON.stringify(change.settings),
    },
  );
}

/** All moods off, as in a new database. */
export async function resetMoods(sql: Statement): Promise<void> {
  await sql(`update moods set seed = default, shares = default, settings = default`);
  await sql('update sessions set moods = null where moods is not null');
  await sql('delete from occurrences');
  await sql('delete from strikes');
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

/** Writes down that a mood strikes, and says how often it had struck before. */
export async function recordStrike(sql: Statement, mood: Mood): Promise<number> {
  const [row] = await sql<{ before: number }>(
    `insert into strikes (mood) values (:mood)
     returning (select cast(count(*) as integer) from strikes where mood = :mood) as before`,
    { mood },
  );
  return row?.before ?? 0;
}

/** How often each mood has struck. */
export async function countStrikes(sql: Statement): Promise<Record<Mood, number>> {
  const rows = await sql<{ mood: Mood; count: number }>(
    'select mood, cast(count(*) as integer) as count from strikes group by mood',
  );
  const struck = new Map(rows.map(({ mood, count }) => [mood, count]));
  return Object.fromEntries(moodNames.map((mood) => [mood, struck.get(mood) ?? 0])) as Record<Mood, number>;
}

/** The sessions with moods of their own. */
export async function selectSessionMoods(sql: Statement): Promise<Record<string, Shares>> {
  const rows = await sql<{ id: string; moods: Shares }>(
    'select id, moods from sessions where moods is not null order by position',
  );
  return Object.fromEntries(rows.map(({ id, moods }) => [id, moods]));
}
