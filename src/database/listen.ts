import { setTimeout as pause } from 'node:timers/promises';
import { keepConnected } from './keep-connected.ts';

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

// A connection that broke silently looks like one without notifications, so it is tested now and then.
const testEveryMs = 10_000;

/** Listens to a channel on a connection of its own, and reconnects without end when that one is lost. It never throws. */
export function listen({ databaseUrl, channel, onNotice, onListening, onTrouble }: ListenOptions): Listener {
  const closing = new AbortController();
  const done = keepConnected(
    {
      databaseUrl,
      name: `listen ${channel}`,
      onTrouble,
      use: async (client, over, working) => {
        client.on('notification', ({ payload = '' }) => {
          onNotice(payload);
        });
        await client.query(`listen ${client.escapeIdentifier(channel)}`);
        working();
        onListening();
        for (;;) {
          await pause(testEveryMs, undefined, { signal: over });
          // A standby sends no notifications of its own.
          const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
          if (rows[0]?.standby) throw new Error('The server is a standby.');
        }
      },
    },
    closing.signal,
  );
  return {
    close: () => {
      closing.abort();
      return done;
    },
  };
}
