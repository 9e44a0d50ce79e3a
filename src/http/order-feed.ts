/** What all streams of one order are sent: the same bytes for each. */
export interface Snapshot {
  /** Changes with everything that the order's page shows, but for the passing of time. */
  readonly revision: string;
  readonly message: string;
  /** Nothing follows. */
  readonly final: boolean;
}

/** One that is told of an order. */
export interface Watcher {
  send(message: string): void;
  /** Ends it after the last message. */
  end(): void;
}

export interface OrderFeedOptions {
  /** Undefined when there is no such order any more. */
  readonly read: (orderId: number) => Promise<Snapshot | undefined>;
  readonly onTrouble: (error: unknown) => void;
}

// A share of the pool, so that requests still get a connection while ten thousand orders are read anew.
const readsAtOnce = 4;
const readAgainMs = 500;

/**
 * Tells those who watch an order of its changes, and reads it once for all of them. What changes while it is being read is
 * read once more afterwards, however often it changed; what cannot be read is tried again for as long as somebody watches.
 */
export class OrderFeed {
  /** The revision that each watcher has seen; empty before the first. */
  readonly #watched = new Map<number, Map<Watcher, string>>();
  readonly #due = new Set<number>();
  readonly #reading = new Set<number>();
  readonly #options: OrderFeedOptions;
  #resting = false;
  #closed = false;

  constructor(options: OrderFeedOptions) {
    this.#options = options;
  }

  /** Sends the order as it stands, and then each change. */
  watch(orderId: number, watcher: Watcher): void {
    if (this.#closed) {
      watcher.end();
      return;
    }
    const watchers = this.#watched.get(orderId) ?? new Map<Watcher, string>();
    this.#watched.set(orderId, watchers.set(watcher, ''));
    this.changed(orderId);
  }

  unwatch(orderId: number, watcher: Watcher): void {
    const watchers = this.#watched.get(orderId);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watched.delete(orderId);
  }

  /** An order has changed. It is read only when somebody watches. */
  changed(orderId: number): void {
    if (!this.#watched.has(orderId)) return;
    this.#due.add(orderId);
    this.#readNext();
  }

  /** Any order may have changed. */
  anyChanged(): void {
    for (const orderId of this.#watched.keys()) this.changed(orderId);
  }

  /** Ends every watcher, and takes no more. */
  close(): void {
    this.#closed = true;
    const all = [...this.#watched.values()].flatMap((watchers) => [...watchers.keys()]);
    this.#watched.clear();
    for (const watcher of all) watcher.end();
  }

  #readNext(): void {
    for (const orderId of this.#due) {
      if (this.#resting || this.#reading.size >= readsAtOnce) return;
      if (this.#reading.has(orderId)) continue;
      this.#due.delete(orderId);
      if (this.#watched.has(orderId)) void this.#read(orderId);
    }
  }

  async #read(orderId: number): Promise<void> {
    this.#reading.add(orderId);
    try {
      this.#tell(orderId, await this.#options.read(orderId));
    } catch (error) {
      this.#options.onTrouble(error);
      this.#due.add(orderId);
      this.#rest();
    }
    this.#reading.delete(orderId);
    this.#readNext();
  }

  #tell(orderId: number, snapshot: Snapshot | undefined): void {
    const watchers = this.#watched.get(orderId) ?? new Map<Watcher, string>();
    const isOver = !snapshot || snapshot.final;
    for (const [watcher, seen] of watchers) {
      if (snapshot && seen !== snapshot.revision) watcher.send(snapshot.message);
      if (isOver) watcher.end();
      else watchers.set(watcher, snapshot.revision);
    }
    if (isOver) this.#watched.delete(orderId);
  }

  /** What keeps one order from being read keeps the others from it as well. */
  #rest(): void {
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      this.#readNext();
    }, readAgainMs).unref();
  }
}
