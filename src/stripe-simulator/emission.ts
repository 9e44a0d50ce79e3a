import { insertEvent, type NewEvent } from './database/events.ts';
import { countOccurrence, recordStrike, selectMoods } from './database/moods.ts';
import type { Statement } from './database/statement.ts';
import { type EventDetails, type EventType, eventObject } from './event.ts';
import { forgeries } from './forgery.ts';
import { chooseMood, isAnyOn, type MoodSettings, type WebhookMood } from './moods.ts';
import { referenceOf, type Session } from './session.ts';

/** How an event leaves. */
export type Departure = Omit<NewEvent, 'id' | 'type' | 'body' | 'sessionId' | 'createdAt'>;

/** Writes an event about a session into the outbox, struck by a webhook mood when it is its turn. */
export async function emitAbout(
  sql: Statement,
  session: Session,
  event: { readonly type: EventType; readonly object: object },
  departure: Departure = {},
): Promise<void> {
  await emit(sql, event, session.id, { ...(await struckDeparture(sql, session, event.type)), ...departure });
}

/** Writes any event into the outbox. False: the identifier was taken. */
export function emit(
  sql: Statement,
  details: EventDetails,
  sessionId: string | null = null,
  departure: Departure = {},
): Promise<boolean> {
  const event = eventObject(details);
  const { id, type, created } = event;
  const createdAt = new Date(created * 1000);
  return insertEvent(sql, { id, type, body: JSON.stringify(event), sessionId, createdAt, ...departure });
}

async function struckDeparture(sql: Statement, session: Session, type: EventType): Promise<Departure> {
  const { seed, shares: generalShares, settings } = await selectMoods(sql);
  const shares = session.moods ?? generalShares;
  if (!isAnyOn('webhook', shares)) return {};
  const reference = referenceOf(session);
  const before = await countOccurrence(sql, type, reference);
  const mood = chooseMood('webhook', shares, { seed, what: type, reference, before });
  return mood === undefined ? {} : departureOf(mood, settings, await recordStrike(sql, mood));
}

function departureOf(mood: WebhookMood, settings: MoodSettings, strikesBefore: number): Departure {
  switch (mood) {
    case 'webhook_delay':
      return { delayMilliseconds: settings.delay_ms };
    case 'webhook_drop':
      return { withheld: true };
    case 'webhook_double':
      return { copies: 2 };
    case 'webhook_reorder':
      return { held: true, delayMilliseconds: settings.reorder_ms };
    case 'webhook_forge':
      return { forgery: strikesBefore % forgeries.length };
  }
}
