import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Where a link leads: an address that is read for each new connection. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * `open` passes everything on. `silent` passes nothing on and closes nothing, as a network that loses its packets. `closed` breaks all
 * connections and refuses new ones.
 */
export type LinkState = 'open' | 'silent' | 'closed';

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  losesAnswer: boolean;
}

// A simple query: its type, its length, its text.
const commit = /Q[^]{4}commit;?\0/i;

/** A TCP proxy through which a test moves an address, interrupts a network, and loses the answer to a commit. */
export class Link {
  /** Commits of which the answer was lost. */
  lostCommits = 0;
  #losesNextCommit = false;
  #state: LinkState = 'open';
  readonly #target: () => Target;
  readonly #connections = new Set<Connection>();
  readonly #listener = createServer((client) => {
    this.#accept(client);
  });

  private constructor(target: () => Target) {
    this.#target = target;
  }

  /** Listens at `host` on a free port. */
  static async open(host: string, target: () => Target): Promise<Link> {
    const link = new Link(target);
    link.#listener.listen(0, host);
    await once(link.#listener, 'listening');
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  set(state: LinkState): void {
    this.#state = state;
    for (const connection of this.#connections) {
      if (state === 'closed') this.#end(connection);
      else if (state === 'silent') for (const socket of ends(connection)) socket.pause();
      // The end that was lost meanwhile arrives now.
      else if (ends(connection).some((socket) => socket.destroyed)) this.#end(connection);
      else for (const socket of ends(connection)) socket.resume();
    }
  }

  /** From now on, the next commit of a client reaches the server, and its connection breaks instead of the answer. */
  loseNextCommit(): void {
    this.#losesNextCommit = true;
  }

  /** Breaks the open connections, as an address that moves does. */
  reset(): void {
    for (const connection of this.#connections) this.#end(connection);
  }

  close(): void {
    this.set('closed');
    this.#listener.close();
  }

  #accept(client: Socket): void {
    if (this.#state === 'closed') {
      client.destroy();
      return;
    }
    const { host, port } = this.#target();
    const connection = { client, server: connect(port, host), losesAnswer: false };
    this.#connections.add(connection);
    for (const socket of ends(connection)) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (this.#state !== 'silent') this.#end(connection);
      });
      if (this.#state === 'silent') socket.pause();
    }
    client.on('data', (bytes) => {
      if (this.#losesNextCommit && commit.test(bytes.toString('latin1'))) {
        this.#losesNextCommit = false;
        connection.losesAnswer = true;
      }
      this.#pass(bytes, client, connection.server);
    });
    connection.server.on('data', (bytes) => {
      if (!connection.losesAnswer) {
        this.#pass(bytes, connection.server, client);
        return;
      }
      this.lostCommits += 1;
      this.#end(connection);
    });
  }

  #pass(bytes: Buffer, from: Socket, to: Socket): void {
    if (to.destroyed || to.write(bytes)) return;
    from.pause();
    to.once('drain', () => {
      if (this.#state === 'open') from.resume();
    });
  }

  #end(connection: Connection): void {
    this.#connections.delete(connection);
    for (const socket of ends(connection)) socket.destroy();
  }
}

function ends({ client, server }: Connection): Socket[] {
  return [client, server];
}
