import { newIdentifier } from '../identifier.ts';
import { unixSeconds } from '../session.ts';
import type { Statement } from './statement.ts';

export type EventType = 'checkout.session.completed' | 'checkout.session.expired';

/** An event that this process may post until its claim runs out. */
export interface ClaimedEvent {
  readonly id: string;
  readonly type: EventType;
  readonly body: string;
  /** The try that begins with this claim, from 1. */
  readonly attempts: number;
}

/** Writes an event into the outbox; with its commit it will be delivered. */
export async function insertEvent(sql: Statement, type: EventType, object: object): Promise<void> {
  const id = newIdentifier('evt');
  const body = JSON.stringify({
    id,
    object: 'event',
    api_version: null,
    created: unixSeconds(new Date()),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  });
  await sql('insert into events (id, type, body) values (:id, :type, :body)', { id, type, body });
}

/** Takes up to `limit` events that are due; if this process dies, they are due again when the claim runs out. */
export function claimDueEvents(sql: Statement, limit: number, claimSeconds: number): Promise<ClaimedEvent[]> {
  return sql<ClaimedEvent>(
    `update events set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => :claimSeconds)
     where id in (select id from events where delivered_at is null and next_attempt_at <= now()
                  order by next_attempt_at limit :limit for update skip locked)
     returning id, type, body, attempts`,
    { limit, claimSeconds },
  );
}

/** Milliseconds until the next event is due, undefined when none waits. */
export async function millisecondsToNextEvent(sql: Statement): Promise<number | undefined> {
  const rows = await sql<{ milliseconds: number | null }>(
    `select cast(extract(epoch from min(next_attempt_at) - clock_timestamp()) * 1000 as float8) as milliseconds
     from events where delivered_at is null`,
  );
  return rows[0]?.milliseconds ?? undefined;
}

/** The shop has answered: never again. */
export async function markDelivered(sql: Statement, id: string): Promise<void> {
  await sql('update events set delivered_at = now() where id = :id', { id });
}

/** The shop has not answered: again after a pause. */
export async function postponeEvent(sql: Statement, id: string, seconds: number): Promise<void> {
  await sql('update events set next_attempt_at = now() + make_interval(secs => :seconds) where id = :id', {
    id,
    seconds,
  });
}

/** Makes every undelivered event due: the process that held the claims is gone. */
export async function releaseClaims(sql: Statement): Promise<void> {
  await sql(
    'update events set next_attempt_at = now() where delivered_at is null and next_attempt_at > now()',
  );
}
