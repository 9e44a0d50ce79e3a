import type { Statement } from './database/statement.ts';
import type { Transact } from './transaction.ts';

/** What the routes work with. */
export interface ServiceContext {
  /** For reads; every change is a transaction. */
  readonly sql: Statement;
  readonly transact: Transact;
  /** The origin of the payment pages; known once the port is. */
  readonly publicUrl: () => string;
  readonly secretKey: string;
}
