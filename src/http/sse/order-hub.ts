/** The live part of an order's page. Every subscriber of the order receives the same bytes. */
export interface Snapshot {
  /** Changes with everything that the order's page shows, except for the time. */
  readonly revision: string;
  readonly message: string;
  /** No further snapshot follows. */
  readonly final: boolean;
  /** Milliseconds until time alone changes the page; null when time does not. */
  readonly changesInMs: number | null;
}

/** Receives the snapshots of one order. */
export interface Subscriber {
  send(message: string): void;
  /** Ends the subscriber after its last message. */
  end(): void;
}

export interface OrderHubOptions {
  /** Undefined when the order does not exist any more. */
  readonly read: (orderId: number) => Promise<Snapshot | undefined>;
  /** Whether an error for one order is an error for every other order as well. */
  readonly failsForAll: (error: unknown) => boolean;
  /** Called once for each order that begins to fail, and once when all do. */
  readonly onTrouble: (error: unknown) => void;
}

/** An order with at least one subscriber. */
interface Topic {
  /** The revision that each subscriber has received; empty before the first. */
  readonly sent: Map<Subscriber, string>;
  /** The pause after the next failure. */
  backoffMs: number;
  isBackingOff: boolean;
  /** Ends the pause, or reads the order again when time has changed it. */
  timer?: NodeJS.Timeout;
}

// A share of the pool, so that requests still get a connection while ten thousand orders are read again.
const concurrentReads = 4;
const shortestBackoffMs = 500;
const longestBackoffMs = 60_000;

/**
 * Publishes the changes of orders to their subscribers, and reads each order once for all of them. Changes during a read cause
 * one more read, however many there are. A failed read is repeated for as long as the order has subscribers.
 */
export class OrderHub {
  readonly #topics = new Map<number, Topic>();
  readonly #due = new Set<number>();
  readonly #reading = new Set<number>();
  readonly #options: OrderHubOptions;
  /** The pause of all orders; `reported` until an order could be read again. */
  #backoff = { active: false, reported: false };
  #closed = false;

  constructor(options: OrderHubOptions) {
    this.#options = options;
  }

  /** Sends the present snapshot of an order, and then one after each change. */
  subscribe(orderId: number, subscriber: Subscriber): void {
    if (this.#closed) {
      subscriber.end();
      return;
    }
    const topic = this.#topics.get(orderId) ?? {
      sent: new Map<Subscriber, string>(),
      backoffMs: shortestBackoffMs,
      isBackingOff: false,
    };
    topic.sent.set(subscriber, '');
    this.#topics.set(orderId, topic);
    this.notify(orderId);
  }

  unsubscribe(orderId: number, subscriber: Subscriber): void {
    const topic = this.#topics.get(orderId);
    topic?.sent.delete(subscriber);
    if (topic?.sent.size === 0) this.#forget(orderId);
  }

  /** Reads a changed order, if it has subscribers and is not backing off. */
  notify(orderId: number): void {
    const topic = this.#topics.get(orderId);
    if (!topic || topic.isBackingOff) return;
    this.#due.add(orderId);
    this.#readNext();
  }

  /** Reads every order, because any may have changed. */
  notifyAll(): void {
    for (const orderId of this.#topics.keys()) this.notify(orderId);
  }

  /** Ends every subscriber, and accepts no more. */
  close(): void {
    this.#closed = true;
    for (const [orderId, { sent }] of this.#topics) {
      this.#forget(orderId);
      for (const subscriber of sent.keys()) subscriber.end();
    }
  }

  #forget(orderId: number): void {
    clearTimeout(this.#topics.get(orderId)?.timer);
    this.#topics.delete(orderId);
  }

  #readNext(): void {
    for (const orderId of this.#due) {
      if (this.#backoff.active || this.#reading.size >= concurrentReads) return;
      if (this.#reading.has(orderId)) continue;
      this.#due.delete(orderId);
      if (this.#topics.has(orderId)) void this.#read(orderId);
    }
  }

  async #read(orderId: number): Promise<void> {
    this.#reading.add(orderId);
    try {
      const snapshot = await this.#options.read(orderId);
      this.#backoff.reported = false;
      this.#publish(orderId, snapshot);
    } catch (error) {
      if (this.#options.failsForAll(error)) this.#backOffAll(orderId, error);
      else this.#backOffOne(orderId, error);
    }
    this.#reading.delete(orderId);
    this.#readNext();
  }

  #publish(orderId: number, snapshot: Snapshot | undefined): void {
    const topic = this.#topics.get(orderId);
    if (!topic) return;
    const isOver = !snapshot || snapshot.final;
    for (const [subscriber, revision] of topic.sent) {
      if (snapshot && revision !== snapshot.revision) subscriber.send(snapshot.message);
      if (isOver) subscriber.end();
      else topic.sent.set(subscriber, snapshot.revision);
    }
    if (isOver) {
      this.#forget(orderId);
      return;
    }
    topic.backoffMs = shortestBackoffMs;
    clearTimeout(topic.timer);
    if (snapshot.changesInMs !== null) this.#notifyIn(snapshot.changesInMs, orderId, topic);
  }

  #backOffAll(orderId: number, error: unknown): void {
    this.#due.add(orderId);
    if (this.#backoff.active) return;
    if (!this.#backoff.reported) this.#options.onTrouble(error);
    this.#backoff = { active: true, reported: true };
    setTimeout(() => {
      this.#backoff.active = false;
      this.#readNext();
    }, shortestBackoffMs).unref();
  }

  #backOffOne(orderId: number, error: unknown): void {
    const topic = this.#topics.get(orderId);
    if (!topic) return;
    if (topic.backoffMs === shortestBackoffMs) this.#options.onTrouble(error);
    topic.isBackingOff = true;
    this.#notifyIn(topic.backoffMs, orderId, topic);
    topic.backoffMs = Math.min(longestBackoffMs, topic.backoffMs * 2);
  }

  #notifyIn(ms: number, orderId: number, topic: Topic): void {
    clearTimeout(topic.timer);
    topic.timer = setTimeout(() => {
      topic.isBackingOff = false;
      this.notify(orderId);
    }, ms).unref();
  }
}
