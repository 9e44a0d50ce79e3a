import type { Database } from './database/connection.ts';
import { type Statement, statementsOn } from './database/statement.ts';
import { type Delivery, emit, emitAbout } from './emission.ts';
import type { EventDetails, EventType } from './event.ts';
import { checkoutSessionObject } from './objects.ts';
import type { Session } from './session.ts';

/** One commit: statements, and the events that leave with it. */
export interface Transaction {
  readonly sql: Statement;
  /** Tells of the session as it stands now. */
  emitSession(type: EventType, session: Session, delivery?: Delivery): Promise<void>;
  /** Tells of something that belongs to the session. */
  emitObject(type: EventType, session: Session, object: object): Promise<void>;
  /** Tells anything at all, hits by no fault. False: the identifier was taken. */
  emitAnything(event: EventDetails): Promise<boolean>;
  /** Wakes the delivery after the commit. */
  wakeDelivery(): void;
}

export type Transact = <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;

interface TransactOptions {
  readonly publicUrl: () => string;
  /** Called after the commit of a transaction that emitted. */
  readonly onEvents: () => void;
}

/** Runs work in one transaction each and wakes the delivery of its events as soon as they are committed. */
export function createTransact(database: Database, { publicUrl, onEvents }: TransactOptions): Transact {
  return async (work) => {
    let emitted = false;
    const wakeDelivery = (): void => {
      emitted = true;
    };
    const result = await database.transaction((trx) => {
      const sql = statementsOn(trx);
      return work({
        sql,
        wakeDelivery,
        emitSession(type, session, delivery) {
          wakeDelivery();
          const object = checkoutSessionObject(session, publicUrl());
          return emitAbout(sql, session, { type, object }, delivery);
        },
        emitObject(type, session, object) {
          wakeDelivery();
          return emitAbout(sql, session, { type, object });
        },
        emitAnything(event) {
          wakeDelivery();
          return emit(sql, event);
        },
      });
    });
    if (emitted) onEvents();
    return result;
  };
}
