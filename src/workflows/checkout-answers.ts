import type { OrderWithPayment } from '../database/queries/orders.ts';

/** A request that waits for the answer of a checkout. */
export interface WaitingRequest {
  /**
   * Waits for the word that the answer is there, for so many milliseconds at most.
   * @returns the order, when it came with the word; otherwise its row is to be read
   */
  next(withinMs: number): Promise<OrderWithPayment | undefined>;
  close(): void;
}

/**
 * Tells the requests of this process that their checkout has its answer, at once and without the database. A hint only: the
 * checkout may go on in another process, so whoever waits also looks at the row.
 */
export class CheckoutAnswers {
  readonly #waiting = new Map<string, Set<(order: OrderWithPayment | undefined) => void>>();

  /** Hears what is said about a checkout key from now on; close it in the end. */
  subscribe(key: string): WaitingRequest {
    let answered = false;
    let heard: OrderWithPayment | undefined;
    let wake: (() => void) | undefined;
    const hear = (order: OrderWithPayment | undefined): void => {
      [answered, heard] = [true, order];
      wake?.();
    };
    const hearing = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, hearing.add(hear));
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
        return heard;
      },
      close: () => {
        hearing.delete(hear);
        if (hearing.size === 0 && this.#waiting.get(key) === hearing) this.#waiting.delete(key);
      },
    };
  }

  /** The answer is there: this order, or what the row of this key says. */
  notify(key: string, order?: OrderWithPayment): void {
    for (const hear of this.#waiting.get(key) ?? []) hear(order);
  }
}
