import type { Knex } from 'knex';
import { inTransaction, type Statement } from '../shared/statement.ts';
import { insertEvent, type NewEvent } from './database/events.ts';
import { type FaultHit, recordOccurrence, selectFaults } from './database/faults.ts';
import type { FaultSettings, WebhookFault } from './faults.ts';
import { apiVersion, newIdentifier, referenceOf, type Session, unixSeconds } from './model.ts';
import { checkoutSessionObject } from './objects.ts';
import { forgeries } from './signature.ts';

/** The events that the simulator emits by itself. */
export type EventType =
  | 'checkout.session.completed'
  | 'checkout.session.expired'
  | 'checkout.session.async_payment_succeeded'
  | 'checkout.session.async_payment_failed'
  | 'payment_intent.payment_failed'
  | 'charge.refunded'
  | 'charge.dispute.created';

/** How an event is delivered. */
export type Delivery = Omit<NewEvent, 'id' | 'type' | 'body' | 'sessionId' | 'createdAt'>;

/** One commit: statements, and the events that are delivered after it. */
export interface Transaction {
  readonly sql: Statement;
  /**
   * Emits an event about a session as it is now, with another `object` if given. The injected webhook faults apply, unless
   * `delivery` overrides them.
   */
  emit(
    type: EventType,
    session: Session,
    options?: { object?: object | undefined; delivery?: Delivery | undefined },
  ): Promise<void>;
  /** Emits any event, without injected faults. False when its identifier exists. */
  emitCustom(event: EventObject): Promise<boolean>;
  /** Starts the delivery after the commit. */
  wakeDelivery(): void;
}

export type Transact = <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;

/** The dependencies of the routes. */
export interface SimulatorContext {
  /** For reads, and for changes of one statement without events. Every other change is a transaction. */
  readonly sql: Statement;
  readonly transact: Transact;
  /** The origin of the payment pages, known once the port is. */
  readonly publicUrl: () => string;
  readonly secretKey: string;
  /** The name of the account; undefined when it has none. */
  readonly businessName: string | undefined;
  /** Aborted when the simulator closes, so that deliberate waits end. */
  readonly closing: AbortSignal;
}

/** Runs each work in a transaction of its own. When it emitted, its events are delivered (`onEvents`) after the commit. */
export function createTransact(database: Knex, publicUrl: () => string, onEvents: () => void): Transact {
  return async (work) => {
    let emitted = false;
    const wakeDelivery = (): void => {
      emitted = true;
    };
    const result = await inTransaction(database, (sql) =>
      work({
        sql,
        wakeDelivery,
        async emit(type, session, { object, delivery } = {}) {
          wakeDelivery();
          const event = eventObject({ type, object: object ?? checkoutSessionObject(session, publicUrl()) });
          await insertEvent(sql, {
            ...queued(event, session.id),
            ...(await faultyDelivery(sql, session, type)),
            ...delivery,
          });
        },
        emitCustom(event) {
          wakeDelivery();
          return insertEvent(sql, queued(event, null));
        },
      }),
    );
    if (emitted) onEvents();
    return result;
  };
}

export type EventObject = ReturnType<typeof eventObject>;

/** An event as Stripe shows it, `created` in whole seconds. Its JSON is signed. */
export function eventObject(given: {
  type: string;
  object: object;
  id?: string | undefined;
  created?: number | undefined;
  livemode?: boolean | undefined;
}) {
  return {
    id: given.id ?? newIdentifier('evt'),
    object: 'event',
    api_version: apiVersion,
    created: given.created ?? unixSeconds(new Date()),
    data: { object: given.object },
    livemode: given.livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: given.type,
  };
}

function queued(event: EventObject, sessionId: string | null): NewEvent {
  const createdAt = new Date(event.created * 1000);
  return { id: event.id, type: event.type, body: JSON.stringify(event), sessionId, createdAt };
}

async function faultyDelivery(sql: Statement, session: Session, type: EventType): Promise<Delivery> {
  const { seed, rates: generalRates, settings } = await selectFaults(sql);
  const rates = session.faults ?? generalRates;
  const occurrence = { seed, kind: type, reference: referenceOf(session) };
  const hit = await recordOccurrence(sql, 'webhook', rates, occurrence);
  return hit === undefined ? {} : deliveryOf(hit, settings);
}

function deliveryOf({ fault, before }: FaultHit<WebhookFault>, settings: FaultSettings): Delivery {
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
      return { forgery: before % forgeries.length };
  }
}
