import Stripe from 'stripe';

// The workflow step retries, so one call need not.
const keysPerCall = 5;
const keysRemembered = 1_000;

/** A call that has an effect at the provider, and how to find that effect when its answer was a failure. */
interface KeyedCall<Result> {
  readonly call: (idempotencyKey: string) => Promise<Result>;
  readonly find: () => Promise<Result | undefined>;
}

/** Makes calls under idempotency keys, and remembers for a while which keys are spent. */
export class FreshKeys {
  readonly #turns = new Map<string, number>();

  /**
   * Makes a call under a key. Stripe stores the first answer of a key, also a failure (docs "Idempotent requests"). A stored
   * failure means that the call is over, so this searches for its effect. Without one it calls again under the next key. So
   * there is one effect, and one bad answer does not prevent it (decision 8). The same holds for a key that was spent on a call
   * with other parameters, for example before an upgrade.
   * @throws the provider's error while the outcome is unknown or the failure is not a stored one
   */
  async use<Result>(key: string, { call, find }: KeyedCall<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      const turn = this.#turns.get(key) ?? 1;
      try {
        return await call(turn === 1 ? key : `${key}_${turn}`);
      } catch (error) {
        if (!isStoredFailure(error) && !isOfOtherCall(error)) throw error;
        const found = await find();
        if (found) return found;
        this.#remember(key, turn + 1);
        if (tries === keysPerCall) throw error;
      }
    }
  }

  #remember(key: string, turn: number): void {
    const [oldest] = this.#turns.keys();
    if (this.#turns.size >= keysRemembered && oldest !== undefined) this.#turns.delete(oldest);
    this.#turns.set(key, turn);
  }
}

function isStoredFailure(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.headers?.['idempotent-replayed'] === 'true';
}

/** The key was used with other parameters: by another version of this shop, whose call may have had its effect. */
function isOfOtherCall(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeIdempotencyError && error.statusCode === 400;
}
