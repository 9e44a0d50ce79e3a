import type pg from 'pg';

/**
 * The settings of each session, as SQL. A host that stops or vanishes in the middle of a transaction would hold its locks, and all
 * its connections, for hours. Not start-up parameters, which PgBouncer refuses.
 */
export const sessionSettings = `
  set idle_in_transaction_session_timeout = '10s';
  set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3`;

/**
 * The connections of one process. A network that loses packets, or an address that moves, leaves connections that never answer and
 * never fail. The heartbeat notices that, and closes all of them; their statements then fail as in any other outage.
 */
export class OpenConnections {
  readonly #clients = new Set<pg.Client>();

  /** Follows a connection until it ends. */
  add(client: pg.Client): void {
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
  }

  /** Closes all of them at once, without a message to the server. */
  closeAll(): void {
    for (const { connection } of this.#clients) connection.stream.destroy();
  }
}
