import pg from 'pg';
import { cannotConnectNow, closeWhenReadOnly, readOnly } from '../shared/outage.ts';
import { renameAfterStalePlan, statementName } from '../shared/statement.ts';
import { OpenConnections, sessionSettings } from './open-connections.ts';

// A shop with few customers keeps its connections, and the plans that are prepared on them.
const idleTimeoutMs = 300_000;

/** The connections of the workflow engine. */
export type EnginePool = pg.Pool;

export interface PoolOptions {
  readonly poolSize: number;
  /** How long a caller waits for a connection, a new one or one that another gives back. */
  readonly waitAtMostMs: number;
}

/** Opens the pool of the workflow engine, whose connections prepare their statements. It connects when first used. */
export function openEnginePool(
  databaseUrl: string,
  { poolSize, waitAtMostMs }: PoolOptions,
  connections = new OpenConnections(),
): EnginePool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    connectionTimeoutMillis: waitAtMostMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    max: poolSize,
    Client: class extends PreparingClient {
      constructor(config?: string | pg.ClientConfig) {
        super(config);
        connections.add(this);
      }
    },
    // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool waits for it, unlike its types
    onConnect: async (client) => {
      await client.query(sessionSettings);
    },
  });
  // Ignore errors of idle connections: the next statement opens a new one.
  pool.on('error', () => undefined);
  return pool;
}

/** The engine retries while Postgres starts, and would record "read-only" as the outcome of a step. */
function retryReadOnly(answer: { code?: string }): void {
  if (answer.code === readOnly) answer.code = cannotConnectNow;
}

type QueryMethod = (statement: unknown, values?: unknown, callback?: unknown) => never;

/**
 * A connection that names every statement with values, so that Postgres parses and plans each text once (decision 17). The engine
 * offers no setting for that: its statements are most of an order's, and half of Postgres' work on an order was planning them.
 */
export class PreparingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // Between two borrowers a pool listens for a moment to no errors, and an error without a listener ends the process.
    this.on('error', () => undefined);
    this.connection.on('errorMessage', renameAfterStalePlan);
    // First, because the next listener changes the code.
    closeWhenReadOnly(this);
    this.connection.on('errorMessage', retryReadOnly);
  }

  // The overloads of this method differ in their callbacks only, which are passed on.
  override query(...args: never[]): never {
    const [statement, values, callback] = args as unknown[];
    // oxlint-disable-next-line typescript/unbound-method -- called on this connection below
    const query = super.query as QueryMethod;
    return query.call(this, named(statement, values), values, callback);
  }
}

/** The statement with its name; as it is when it has no values, or builds its messages itself as cursors do. */
function named(statement: unknown, values: unknown): unknown {
  if (typeof statement === 'string') {
    return isList(values) ? { text: statement, name: statementName(statement) } : statement;
  }
  const query = statement as { text: string; values?: unknown; name?: string; submit?: unknown };
  if (query.submit !== undefined || query.name !== undefined || !isList(query.values)) return statement;
  return { ...query, name: statementName(query.text) };
}

function isList(values: unknown): boolean {
  return Array.isArray(values) && values.length > 0;
}
