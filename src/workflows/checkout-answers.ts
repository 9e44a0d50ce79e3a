import type { OrderWithPayment } from '../database/queries/orders.ts';

/** A request that waits for the answer of a checkout. */
export interface WaitingRequest {
  /**
   * Waits for the notification of the answer, for `withinMs` milliseconds at most.
   * @returns the order, when the notification has it; otherwise the caller reads its row
   */
  next(withinMs: number): Promise<OrderWithPayment | undefined>;
  close(): void;
}

/**
 * Notifies the requests of this process that their checkout has its answer, without the database. It is a hint only: the checkout
 * may continue in another process, so a waiting request also reads the row.
 */
export class CheckoutAnswers {
  readonly #waiting = new Map<string, Set<(order: OrderWithPayment | undefined) => void>>();

  /** Subscribes to a checkout key; the caller closes the subscription. */
  subscribe(key: string): WaitingRequest {
    let answered = false;
    let received: OrderWithPayment | undefined;
    let wake: (() => void) | undefined;
    const listener = (order: OrderWithPayment | undefined): void => {
      [answered, received] = [true, order];
      wake?.();
    };
    const listeners = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, listeners.add(listener));
    return {
      next: async (withinMs) => {
        if (!answered) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, withinMs);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        answered = false;
        return received;
      },
      close: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#waiting.get(key) === listeners) this.#waiting.delete(key);
      },
    };
  }

  /** Publishes that a key has its answer: this order, or the row of the key. */
  notify(key: string, order?: OrderWithPayment): void {
    for (const listener of this.#waiting.get(key) ?? []) listener(order);
  }
}
