import Stripe from 'stripe';

// Each key costs a try, and a call has four; a provider that fails this often is not asked for more.
const keysAtMost = 20;

/** A call that has an effect at the provider, and how to find that effect when its answer was a failure. */
interface KeyedCall<Result> {
  readonly call: (idempotencyKey: string) => Promise<Result>;
  readonly find: () => Promise<Result | undefined>;
}

/**
 * Makes a call under an idempotency key. Stripe stores the first answer of a key for good, a failure too (docs
 * "Idempotent requests"): once a stored failure comes back, the call is over, so its effect is looked for, and only when
 * there is none the call is made again under the next key. So there is one effect, and one bad answer does not bar it.
 * @throws the provider's error, as long as the outcome is unknown or the failure is a fresh one
 */
export async function withFreshKeys<Result>(key: string, { call, find }: KeyedCall<Result>): Promise<Result> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await call(turn === 1 ? key : `${key}_${turn}`);
    } catch (error) {
      if (!isStoredFailure(error) || turn === keysAtMost) throw error;
      const found = await find();
      if (found) return found;
    }
  }
}

function isStoredFailure(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.headers?.['idempotent-replayed'] === 'true';
}
