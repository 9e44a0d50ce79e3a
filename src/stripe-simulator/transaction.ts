import type { Knex } from 'knex';
import { inTransaction, type Statement } from '../shared/statement.ts';
import { insertEvent, type NewEvent } from './database/events.ts';
import { type FaultHit, recordOccurrence, selectFaults } from './database/faults.ts';
import type { FaultSettings, WebhookFault } from './faults.ts';
import { newIdentifier, referenceOf, type Session, unixSeconds } from './model.ts';
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

interface Emission {
  /** The object of the event. Undefined means the session. */
  readonly object?: object | undefined;
  /** Overrides what the injected faults chose. */
  readonly delivery?: Delivery | undefined;
}

/** One commit: statements, and the events that are delivered after it. */
export interface Transaction {
  readonly sql: Statement;
  /** Emits an event about a session as it is now. The injected webhook faults apply. */
  emit(type: EventType, session: Session, emission?: Emission): Promise<void>;
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
  /** Aborted when the simulator closes, so that deliberate waits end. */
  readonly closing: AbortSignal;
}

interface TransactOptions {
  readonly publicUrl: () => string;
  /** Called after the commit of a transaction that emitted. */
  readonly onEvents: () => void;
}

/** Runs each work in a transaction of its own, and starts the delivery of its events after the commit. */
export function createTransact(database: Knex, { publicUrl, onEvents }: TransactOptions): Transact {
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

interface EventDetails {
  readonly type: string;
  readonly object: object;
  readonly id?: string | undefined;
  /** In whole seconds. */
  readonly created?: number | undefined;
  readonly livemode?: boolean | undefined;
}

export type EventObject = ReturnType<typeof eventObject>;

/** An event as Stripe shows it. Its JSON is signed. */
export function eventObject({ type, object, id, created, livemode }: EventDetails) {
  return {
    id: id ?? newIdentifier('evt'),
    object: 'event',
    api_version: null,
    created: created ?? unixSeconds(new Date()),
    data: { object },
    livemode: livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
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
