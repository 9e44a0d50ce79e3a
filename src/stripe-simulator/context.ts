import type { Statement } from './database/statement.ts';
import type { Transact } from './transaction.ts';

/** What the routes work with. */
export interface SimulatorContext {
  /** For reads, and for changes of one statement that tell nobody; every other change is a transaction. */
  readonly sql: Statement;
  readonly transact: Transact;
  /** The origin of the payment pages; known once the port is. */
  readonly publicUrl: () => string;
  readonly secretKey: string;
  /** Aborted when the service ends, so that nobody who waits on purpose holds it up. */
  readonly closing: AbortSignal;
}
