import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

export interface ListenOptions {
  readonly databaseUrl: string;
  readonly channel: string;
  /** Called for each notification, with its payload. Must not throw. */
  readonly onNotice: (payload: string) => void;
  /** Called whenever listening begins, also again: earlier notifications may have been missed. Must not throw. */
  readonly onListening: () => void;
  /** Called once for each outage, with its first error. */
  readonly onTrouble: (error: unknown) => void;
}

/** An open LISTEN connection. */
export interface Listener {
  /** Stops listening for good. */
  close(): Promise<void>;
}

const connectWithinMs = 3_000;
// A connection that broke silently looks like one without notifications, so it is tested now and then.
const testEveryMs = 10_000;
const answerWithinMs = 5_000;
const shortestPauseMs = 100;
const longestPauseMs = 3_000;

/** Listens to a channel on a connection of its own, and reconnects without end when that one is lost. It never throws. */
export function listen(options: ListenOptions): Listener {
  const closing = new AbortController();
  const done = keepListening(options, closing.signal);
  return {
    close: () => {
      closing.abort();
      return done;
    },
  };
}

async function keepListening(options: ListenOptions, closing: AbortSignal): Promise<void> {
  let pauseMs = shortestPauseMs;
  let failing = false;
  while (!closing.aborted) {
    try {
      await listenOnce(options, closing, () => {
        pauseMs = shortestPauseMs;
        failing = false;
      });
    } catch (error) {
      if (!failing) options.onTrouble(error);
      failing = true;
      await pause(pauseMs, undefined, { signal: closing }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }
}

/** Resolves when it is closed. @throws when the connection cannot be made, or is lost */
async function listenOnce(options: ListenOptions, closing: AbortSignal, onBegin: () => void): Promise<void> {
  const client = new Client({
    connectionString: options.databaseUrl,
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: answerWithinMs,
    keepAlive: true,
    application_name: `listen ${options.channel}`,
  });
  const lost = new Promise<never>((_resolve, reject) => {
    client.on('error', reject);
    client.on('end', () => {
      reject(new Error('The connection was ended.'));
    });
  });
  const over = new AbortController();
  const listening = async (): Promise<never> => {
    await client.connect();
    client.on('notification', ({ payload = '' }) => {
      options.onNotice(payload);
    });
    await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
    onBegin();
    options.onListening();
    for (;;) {
      await pause(testEveryMs, undefined, { signal: over.signal });
      await client.query('select 1');
    }
  };
  try {
    // Closing does not wait for the connection.
    await Promise.race([listening(), lost, once(closing, 'abort', { signal: over.signal })]);
  } finally {
    over.abort();
    // Not awaited: a connection that hangs does not end.
    client.end().catch(() => undefined);
  }
}
