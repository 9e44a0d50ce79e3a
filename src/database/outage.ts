// Connection failures of the socket, classes 08 and 53 and 57P of Postgres, and knex waiting in vain for a connection.
const awayCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|53\w{3}|57P\w{2}|40003|25P03)$/;
const awayMessages =
  /Connection terminated|server closed the connection|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Unable to acquire a connection/i;

/** Whether an error means that Postgres cannot be reached now, rather than that it refused a statement. */
export function isPostgresAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as Error & { code?: unknown }).code;
  if (typeof code === 'string' && awayCodes.test(code)) return true;
  return error.name === 'KnexTimeoutError' || awayMessages.test(error.message) || isPostgresAway(error.cause);
}

// A time limit of the server's, a lock held too long, a standby that is not the primary yet, a failing disk, a plan from
// before a migration.
const passingStates = /^(57014|55P03|25006|40001|40P01|58\w{3}|0A000)$/;

/** Whether Postgres has answered with a state that passes by itself, so that asking again may succeed. */
export function isPassing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && passingStates.test(code);
}
