import type { Database } from './database/connection.ts';
import { type EventType, insertEvent } from './database/events.ts';
import { type Statement, statementsOn } from './database/statement.ts';
import { checkoutSessionObject, type Session } from './session.ts';

/** One commit: statements, and the events that leave with it. */
export interface Transaction {
  readonly sql: Statement;
  emit(type: EventType, session: Session): Promise<void>;
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
    const result = await database.transaction((trx) => {
      const sql = statementsOn(trx);
      return work({
        sql,
        emit: async (type, session) => {
          await insertEvent(sql, type, checkoutSessionObject(session, publicUrl()));
          emitted = true;
        },
      });
    });
    if (emitted) onEvents();
    return result;
  };
}
