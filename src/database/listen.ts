import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

export interface ListenOptions {
  readonly databaseUrl: string;
  readonly channel: string;
  /** Called for each notification, with its payload. Must not throw. */
  readonly onNotice: (payload: string) => void;
  /** Called whenever listening begins, also anew: what was told before that moment may have been missed. Must not throw. */
  readonly onListening: () => void;
  readonly onTrouble: (error: unknown) => void;
}

/** An open ear. */
export interface Listener {
  /** Stops listening for good. */
  close(): Promise<void>;
}

const connectWithinMs = 3_000;
// A connection that broke without a word looks like one on which nothing is said, so it is asked now and then.
const askEveryMs = 10_000;
const answerWithinMs = 5_000;
const shortestPauseMs = 100;
const longestPauseMs = 3_000;

/**
 * Listens to a channel on a connection of its own, and connects anew for as long as it takes whenever that one is lost.
 * Nothing of it throws: trouble is told, once for each time it begins, and passes by itself.
 */
export function listen(options: ListenOptions): Listener {
  const ending = new AbortController();
  const done = keepListening(options, ending.signal);
  return {
    close: () => {
      ending.abort();
      return done;
    },
  };
}

async function keepListening(options: ListenOptions, ending: AbortSignal): Promise<void> {
  let pauseMs = shortestPauseMs;
  let told = false;
  while (!ending.aborted) {
    try {
      await listenOnce(options, ending, () => {
        pauseMs = shortestPauseMs;
        told = false;
      });
    } catch (error) {
      if (!told) options.onTrouble(error);
      told = true;
      await pause(pauseMs, undefined, { signal: ending }).catch(() => undefined);
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }
}

/** Resolves when it is to end. @throws when the connection cannot be made, or is lost */
async function listenOnce(options: ListenOptions, ending: AbortSignal, onBegin: () => void): Promise<void> {
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
  const ended = new Promise<void>((resolve) => {
    ending.addEventListener('abort', () => resolve(), { signal: over.signal });
  });
  const listening = async (): Promise<never> => {
    await client.connect();
    client.on('notification', ({ payload = '' }) => {
      options.onNotice(payload);
    });
    await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
    onBegin();
    options.onListening();
    return stayAwake(client, over.signal);
  };
  try {
    // Whatever it waits for, an end is not kept waiting.
    await Promise.race([listening(), lost, ended]);
  } finally {
    over.abort();
    // Not waited for: a connection that hangs does not end either.
    client.end().catch(() => undefined);
  }
}

/** Asks now and then. @throws when there is no answer, or when it is over */
async function stayAwake(client: Client, over: AbortSignal): Promise<never> {
  for (;;) {
    await pause(askEveryMs, undefined, { signal: over });
    await client.query('select 1');
  }
}
