import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

export interface KeepConnectedOptions {
  readonly databaseUrl: string;
  /** The name of the connection in `pg_stat_activity`. */
  readonly name: string;
  /**
   * Uses a connection. `over` is aborted when the connection ends; `working` is called when it has proved to work, so that the
   * next failure is a new outage. Another connection follows, unless `closing` is aborted.
   * @throws when the connection fails
   */
  readonly use: (client: Client, over: AbortSignal, working: () => void) => Promise<void>;
  /** Called once for each outage, with its first error. Must not throw. */
  readonly onTrouble: (error: unknown) => void;
  /** Called for every error, before `onTrouble`. Must not throw. */
  readonly onFailure?: (error: unknown) => void;
}

const connectWithinMs = 3_000;
const answerWithinMs = 5_000;
const shortestPauseMs = 100;
const longestPauseMs = 3_000;

/** Keeps one connection of its own in use until `closing` is aborted, and replaces it when it fails. It never throws. */
export async function keepConnected(options: KeepConnectedOptions, closing: AbortSignal): Promise<void> {
  let pauseMs = shortestPauseMs;
  let failing = false;
  while (!closing.aborted) {
    try {
      await useOnce(options, closing, () => {
        pauseMs = shortestPauseMs;
        failing = false;
      });
    } catch (error) {
      options.onFailure?.(error);
      if (!failing) options.onTrouble(error);
      failing = true;
      await pause(pauseMs, undefined, { signal: closing }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }
}

/** Resolves when it is closed, or no longer used. @throws when the connection cannot be made, or is lost */
async function useOnce(
  { databaseUrl, name, use }: KeepConnectedOptions,
  closing: AbortSignal,
  working: () => void,
): Promise<void> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
    application_name: name,
  });
  const lost = new Promise<never>((_resolve, reject) => {
    client.on('error', reject);
    client.on('end', () => {
      reject(new Error('Connection ended'));
    });
  });
  const over = new AbortController();
  const using = async (): Promise<void> => {
    await client.connect();
    return use(client, over.signal, working);
  };
  try {
    // Closing does not wait for the connection.
    await Promise.race([using(), lost, once(closing, 'abort', { signal: over.signal })]);
  } finally {
    over.abort();
    // Not awaited: a connection that hangs does not end.
    client.end().catch(() => undefined);
  }
}
