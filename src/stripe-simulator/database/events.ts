import type { Statement } from '../../shared/statement.ts';

/** An event to be delivered. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly sessionId: string | null;
  readonly createdAt: Date;
  readonly withheld?: boolean;
  readonly held?: boolean;
  readonly copies?: number;
  readonly forgery?: number;
  readonly delayMilliseconds?: number;
}

/** An event that this process may post until its claim ends. */
export interface ClaimedEvent {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly forgery: number | null;
  /** The try that begins with this claim, from 1. */
  readonly attempts: number;
}

/** Queues an event, which is delivered after the commit. False when its identifier exists. */
export async function insertEvent(sql: Statement, event: NewEvent): Promise<boolean> {
  const rows = await sql(
    `insert into events (id, type, body, session_id, created_at, withheld, held, copies, forgery, next_attempt_at)
     values (:id, :type, :body, :sessionId, :createdAt, :withheld, :held, :copies, :forgery,
             now() + make_interval(secs => cast(:delay as float8) / 1000))
     on conflict (id) do nothing returning id`,
    {
      id: event.id,
      type: event.type,
      body: event.body,
      sessionId: event.sessionId,
      createdAt: event.createdAt,
      withheld: event.withheld ?? false,
      held: event.held ?? false,
      copies: event.copies ?? 1,
      forgery: event.forgery ?? null,
      delay: event.delayMilliseconds ?? 0,
    },
  );
  return rows.length > 0;
}

/** Reads the body of one event as it was signed. */
export async function selectEvent(sql: Statement, id: string): Promise<string | undefined> {
  const rows = await sql<{ body: string }>('select body from events where id = :id', { id });
  return rows[0]?.body;
}

/** Claims up to `limit` due events. If this process dies, they are due again when the claim ends. */
export function claimDueEvents(sql: Statement, limit: number, claimSeconds: number): Promise<ClaimedEvent[]> {
  return sql<ClaimedEvent>(
    `update events set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => :claimSeconds)
     where id in (select id from events where delivered_at is null and not withheld and next_attempt_at <= now()
                  order by next_attempt_at limit :limit for update skip locked)
     returning id, type, body, forgery, attempts`,
    { limit, claimSeconds },
  );
}

/** The milliseconds until the next event is due. Undefined when none waits. */
export async function millisecondsToNextEvent(sql: Statement): Promise<number | undefined> {
  const rows = await sql<{ milliseconds: number | null }>(
    `select cast(extract(epoch from min(next_attempt_at) - clock_timestamp()) * 1000 as float8) as milliseconds
     from events where delivered_at is null and not withheld`,
  );
  return rows[0]?.milliseconds ?? undefined;
}

/**
 * Records an accepted delivery. A second copy is due now, and so is an earlier event of the same session that was held for this
 * one. False when anything became due.
 */
export async function markDelivered(sql: Statement, id: string): Promise<boolean> {
  const rows = await sql<{ again: boolean; released: boolean }>(
    `with delivered as (
       update events set copies = copies - 1, next_attempt_at = now(),
              delivered_at = case when copies <= 1 then now() end
       where id = :id and copies > 0 returning session_id, position, copies
     ), released as (
       update events set held = false, next_attempt_at = now() from delivered
       where held and events.session_id = delivered.session_id and events.position < delivered.position
         and events.attempts = 0
       returning id
     )
     select coalesce((select copies > 0 from delivered), false) as again, exists (select from released) as released`,
    { id },
  );
  return rows[0]?.again !== true && rows[0]?.released !== true;
}

/** Makes an event due again in some seconds. */
export async function postponeEvent(sql: Statement, id: string, seconds: number): Promise<void> {
  await sql('update events set next_attempt_at = now() + make_interval(secs => :seconds) where id = :id', {
    id,
    seconds,
  });
}

/** Delivers an event once more, or for the first time when it was withheld. */
export async function resendEvent(sql: Statement, id: string): Promise<void> {
  await sql(
    `update events set delivered_at = null, withheld = false, held = false, copies = 1, forgery = null, attempts = 0,
            next_attempt_at = now()
     where id = :id`,
    { id },
  );
}

/** Makes every claimed event due, because the process that held the claims has ended. */
export async function releaseClaims(sql: Statement): Promise<void> {
  await sql(
    `update events set next_attempt_at = now()
     where delivered_at is null and not withheld and attempts > 0 and next_attempt_at > now()`,
  );
}

/** An event with the status of its delivery. */
export interface EventStatus {
  readonly id: string;
  readonly type: string;
  readonly reference: string | null;
  readonly withheld: boolean;
  readonly delivered: boolean;
  readonly attempts: number;
}

/** Reads the newest events. */
export function selectNewestEvents(sql: Statement, limit: number): Promise<EventStatus[]> {
  return sql<EventStatus>(
    `select events.id, type, withheld, delivered_at is not null as delivered, attempts,
            coalesce(client_reference_id, metadata->>'order_id') as reference
     from events left join sessions on sessions.id = session_id
     order by events.position desc limit :limit`,
    { limit },
  );
}
