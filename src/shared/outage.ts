import type pg from 'pg';

// Connection failures of the socket, and the SQLSTATE classes 08 (connection), 53 (resources) and 57P (shutdown, start-up).
const awayCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|53\w{3}|57P\w{2}|40003|25P03)$/;
const awayMessages =
  /Connection terminated|Connection ended|server closed the connection|timeout expired|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Unable to acquire a connection/i;

/**
 * Whether an error means that Postgres cannot be reached now, rather than that it refused a statement. It reads the causes of
 * an error too, and the errors of each address that a connection tried.
 */
export function isPostgresAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (typeof code === 'string' && awayCodes.test(code)) return true;
  // The file of a Unix socket exists only while Postgres runs; any other missing file is not an outage.
  if (code === 'ENOENT' && syscall === 'connect') return true;
  if (error.name === 'KnexTimeoutError' || awayMessages.test(error.message)) return true;
  if (error instanceof AggregateError && error.errors.some(isPostgresAway)) return true;
  return isPostgresAway(error.cause);
}

/** SQLSTATE of a database that does not exist. */
export const databaseMissing = '3D000';
/** SQLSTATE of a table that does not exist, as in a database without our tables. */
export const tableMissing = '42P01';
/** SQLSTATE of a write on a standby, or in a read-only session. */
export const readOnly = '25006';
/** SQLSTATE of a server that starts. */
export const cannotConnectNow = '57P03';

/**
 * Closes a connection once its server has answered that it accepts no writes: after a failover that server is a standby, and a new
 * connection may reach the primary.
 */
export function closeWhenReadOnly({ connection }: pg.Client): void {
  connection.on('errorMessage', ({ code }: { readonly code?: string }) => {
    // First the statement gets its error.
    if (code === readOnly) setImmediate(() => connection.stream.destroy());
  });
}

// A time limit of the server, a lock held too long, a standby that is not primary yet, a serialization failure, a deadlock,
// a failing disk, a plan from before a migration.
const transientStates = /^(57014|55P03|25006|40001|40P01|58\w{3}|0A000)$/;

/** Whether Postgres answered with a state that ends without a change of the statement, so that a retry may succeed. */
export function isTransient(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && transientStates.test(code);
}
