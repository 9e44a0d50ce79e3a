import { insertEvent, type NewEvent } from './database/events.ts';
import { countOccurrence, recordHit, selectFaults } from './database/faults.ts';
import type { Statement } from './database/statement.ts';
import { type EventDetails, type EventType, eventObject } from './event.ts';
import { chooseFault, type FaultSettings, isAnyEnabled, type WebhookFault } from './faults.ts';
import { forgeries } from './forgery.ts';
import { referenceOf, type Session } from './session.ts';

/** How an event leaves. */
export type Delivery = Omit<NewEvent, 'id' | 'type' | 'body' | 'sessionId' | 'createdAt'>;

/** Writes an event about a session into the outbox, hits by a webhook fault when it is its turn. */
export async function emitAbout(
  sql: Statement,
  session: Session,
  event: { readonly type: EventType; readonly object: object },
  delivery: Delivery = {},
): Promise<void> {
  await emit(sql, event, session.id, { ...(await faultyDelivery(sql, session, event.type)), ...delivery });
}

/** Writes any event into the outbox. False: the identifier was taken. */
export function emit(
  sql: Statement,
  details: EventDetails,
  sessionId: string | null = null,
  delivery: Delivery = {},
): Promise<boolean> {
  const event = eventObject(details);
  const { id, type, created } = event;
  const createdAt = new Date(created * 1000);
  return insertEvent(sql, { id, type, body: JSON.stringify(event), sessionId, createdAt, ...delivery });
}

async function faultyDelivery(sql: Statement, session: Session, type: EventType): Promise<Delivery> {
  const { seed, rates: generalRates, settings } = await selectFaults(sql);
  const rates = session.faults ?? generalRates;
  if (!isAnyEnabled('webhook', rates)) return {};
  const reference = referenceOf(session);
  const before = await countOccurrence(sql, type, reference);
  const fault = chooseFault('webhook', rates, { seed, what: type, reference, before });
  return fault === undefined ? {} : deliveryOf(fault, settings, await recordHit(sql, fault));
}

function deliveryOf(fault: WebhookFault, settings: FaultSettings, hitsBefore: number): Delivery {
  switch (fault) {
    case 'webhook_delay':
      return { delayMilliseconds: settings.delay_ms };
    case 'webhook_drop':
      return { withheld: true };
    case 'webhook_double':
      return { copies: 2 };
    case 'webhook_reorder':
      return { held: true, delayMilliseconds: settings.reorder_ms };
    case 'webhook_forge':
      return { forgery: hitsBefore % forgeries.length };
  }
}
