import type { Socket } from 'node:net';
import type pg from 'pg';

/**
 * The settings of each session, as SQL. A host that stops or vanishes in the middle of a transaction would hold its locks, and all
 * its connections, for hours. Not start-up parameters, which PgBouncer refuses.
 */
export const sessionSettings = `
  set idle_in_transaction_session_timeout = '10s';
  set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3`;

const silentMs = 3_000;

/**
 * The connections of one process. A network that loses packets, or an address that moves, leaves connections that never answer and
 * never fail. When the heartbeat loses its own, those that hang are closed; their statements then fail as in any other outage.
 */
export class OpenConnections {
  readonly #clients = new Set<pg.Client>();

  /** Follows a connection until it ends. */
  add(client: pg.Client): void {
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
  }

  /**
   * Closes the present connections from which nothing comes within the next three seconds, without a message to the server: they hang, or
   * nobody uses them. However often it is called, a connection that works stays open.
   */
  closeSilent(): void {
    const present = [...this.#clients].map((client) => ({ client, received: bytesFrom(client) }));
    const close = (): void => {
      for (const { client, received } of present)
        if (bytesFrom(client) === received) client.connection.stream.destroy();
    };
    // A process that ends does not wait for it.
    setTimeout(close, silentMs).unref();
  }
}

/** The number of bytes that have come over a connection. */
function bytesFrom({ connection }: pg.Client): number {
  return (connection.stream as Socket).bytesRead;
}
