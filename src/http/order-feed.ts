/** What all streams of one order are sent: the same bytes for each. */
export interface Snapshot {
  /** Changes with everything that the order's page shows, but for the passing of time. */
  readonly revision: string;
  readonly message: string;
  /** Nothing follows. */
  readonly final: boolean;
  /** When time alone changes it, in milliseconds from now; null when time does not. */
  readonly changesInMs: number | null;
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
  /** Whether what failed for one order fails for every other one as well. */
  readonly failsForAll: (error: unknown) => boolean;
  /** Told once for each order that begins to fail, and once when all do. */
  readonly onTrouble: (error: unknown) => void;
}

/** An order that somebody watches. */
interface Watched {
  /** The revision that each watcher has seen; empty before the first. */
  readonly seen: Map<Watcher, string>;
  /** How long it rests after its next failure. */
  restMs: number;
  resting: boolean;
  /** Ends its rest, or reads it anew when time has changed it. */
  timer?: NodeJS.Timeout;
}

// A share of the pool, so that requests still get a connection while ten thousand orders are read anew.
const readsAtOnce = 4;
const shortestRestMs = 500;
const longestRestMs = 60_000;

/**
 * Tells those who watch an order of its changes, and reads it once for all of them. What changes while it is being read is
 * read once more afterwards, however often it changed; what cannot be read is tried again for as long as somebody watches.
 */
export class OrderFeed {
  readonly #watched = new Map<number, Watched>();
  readonly #due = new Set<number>();
  readonly #reading = new Set<number>();
  readonly #options: OrderFeedOptions;
  /** Every order rests; `told` until one was read again. */
  #rest = { now: false, told: false };
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
    const watched = this.#watched.get(orderId) ?? {
      seen: new Map<Watcher, string>(),
      restMs: shortestRestMs,
      resting: false,
    };
    watched.seen.set(watcher, '');
    this.#watched.set(orderId, watched);
    this.changed(orderId);
  }

  unwatch(orderId: number, watcher: Watcher): void {
    const watched = this.#watched.get(orderId);
    watched?.seen.delete(watcher);
    if (watched?.seen.size === 0) this.#forget(orderId);
  }

  /** An order has changed. It is read only when somebody watches, and after its rest when it could not be read. */
  changed(orderId: number): void {
    const watched = this.#watched.get(orderId);
    if (!watched || watched.resting) return;
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
    for (const [orderId, { seen }] of this.#watched) {
      this.#forget(orderId);
      for (const watcher of seen.keys()) watcher.end();
    }
  }

  #forget(orderId: number): void {
    clearTimeout(this.#watched.get(orderId)?.timer);
    this.#watched.delete(orderId);
  }

  #readNext(): void {
    for (const orderId of this.#due) {
      if (this.#rest.now || this.#reading.size >= readsAtOnce) return;
      if (this.#reading.has(orderId)) continue;
      this.#due.delete(orderId);
      if (this.#watched.has(orderId)) void this.#read(orderId);
    }
  }

  async #read(orderId: number): Promise<void> {
    this.#reading.add(orderId);
    try {
      const snapshot = await this.#options.read(orderId);
      this.#rest.told = false;
      this.#tell(orderId, snapshot);
    } catch (error) {
      if (this.#options.failsForAll(error)) this.#restAll(orderId, error);
      else this.#restOne(orderId, error);
    }
    this.#reading.delete(orderId);
    this.#readNext();
  }

  #tell(orderId: number, snapshot: Snapshot | undefined): void {
    const watched = this.#watched.get(orderId);
    if (!watched) return;
    const isOver = !snapshot || snapshot.final;
    for (const [watcher, seen] of watched.seen) {
      if (snapshot && seen !== snapshot.revision) watcher.send(snapshot.message);
      if (isOver) watcher.end();
      else watched.seen.set(watcher, snapshot.revision);
    }
    if (isOver) {
      this.#forget(orderId);
      return;
    }
    watched.restMs = shortestRestMs;
    clearTimeout(watched.timer);
    if (snapshot.changesInMs !== null) this.#later(orderId, watched, snapshot.changesInMs);
  }

  #restAll(orderId: number, error: unknown): void {
    this.#due.add(orderId);
    if (this.#rest.now) return;
    if (!this.#rest.told) this.#options.onTrouble(error);
    this.#rest = { now: true, told: true };
    setTimeout(() => {
      this.#rest.now = false;
      this.#readNext();
    }, shortestRestMs).unref();
  }

  #restOne(orderId: number, error: unknown): void {
    const watched = this.#watched.get(orderId);
    if (!watched) return;
    if (watched.restMs === shortestRestMs) this.#options.onTrouble(error);
    watched.resting = true;
    this.#later(orderId, watched, watched.restMs);
    watched.restMs = Math.min(longestRestMs, watched.restMs * 2);
  }

  #later(orderId: number, watched: Watched, ms: number): void {
    clearTimeout(watched.timer);
    watched.timer = setTimeout(() => {
      watched.resting = false;
      this.changed(orderId);
    }, ms).unref();
  }
}
