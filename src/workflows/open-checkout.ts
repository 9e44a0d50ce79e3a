import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { isPassing, isPostgresAway } from '../database/outage.ts';
import { statementsOf } from '../database/statement.ts';
import { type PlacedOrder, type PlacingRequest, placeOrder } from '../database/transactions/orders.ts';
import { recordSession } from '../database/transactions/payments.ts';
import { orderKeyOf } from '../domain/order.ts';
import type { PaymentProvider, PaymentSession, Refused } from '../payments/provider.ts';
import type { CheckoutAnswers } from './checkout-answers.ts';

/** What opening a checkout is told from outside. */
export interface OpeningSettings {
  readonly database: Database;
  readonly provider: PaymentProvider;
  /** The requests of this process that wait for their checkout. */
  readonly answers: CheckoutAnswers;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** How often the opening of a payment session is tried again, and the seconds before that, which double. */
  readonly paymentRetries: number;
  readonly paymentRetrySeconds: number;
}

/**
 * How far a checkout came: its order has a payment session, which may be refused; there is no order to pay; or Postgres refuses to
 * record the session, for the reason.
 */
export type OpenedCheckout =
  | { readonly outcome: 'opened'; readonly order: PlacedOrder; readonly session: PaymentSession | Refused }
  | { readonly outcome: 'not_placed' }
  | { readonly outcome: 'failed'; readonly orderId: number; readonly reason: string };

/**
 * Steps 1 to 3 of the checkout story, one durable step: places the order, opens its payment session at the provider, records it,
 * and lets the shopper go and pay. Each of the three finds what it has done before, so after a crash they are simply done
 * again: the order by the request that placed it, the session by the order, its record by the session.
 */
export function openCheckout(settings: OpeningSettings, placing: PlacingRequest): Promise<OpenedCheckout> {
  const sql = statementsOf(settings.database);
  const tries = new SessionTries(settings);
  const { checkoutKey } = placing.order;
  return DBOS.runStep(
    async (): Promise<OpenedCheckout> => {
      const placed = await placeOrder(sql, placing);
      if (placed.outcome !== 'placed') {
        settings.answers.say(checkoutKey);
        return { outcome: 'not_placed' };
      }
      const { order } = placed;
      const session = await tries.open(order);
      if ('refused' in session) return { outcome: 'opened', order, session };
      try {
        const opened = await recordSession(sql, { orderId: order.orderId, ...session });
        settings.answers.say(checkoutKey, opened);
      } catch (error) {
        if (passesByItself(error)) throw error;
        return { outcome: 'failed', orderId: order.orderId, reason: String(error) };
      }
      return { outcome: 'opened', order, session };
    },
    { name: 'openCheckout', ...tries.retries },
  );
}

/** Thrown when the provider gave no answer, and is asked again. */
class NoAnswer extends Error {}

function passesByItself(error: unknown): boolean {
  return error instanceof NoAnswer || isPostgresAway(error) || isPassing(error);
}

// An outage of Postgres counts as no try, so the engine's own count says nothing.
const triesAtMost = 1_000_000;

/** The tries of one step to open a payment session. */
export class SessionTries {
  readonly #settings: OpeningSettings;
  #failures = 0;

  constructor(settings: OpeningSettings) {
    this.#settings = settings;
  }

  /** How the engine repeats the step. */
  get retries() {
    return {
      retriesAllowed: true,
      maxAttempts: triesAtMost,
      shouldRetry: passesByItself,
      intervalSeconds: this.#settings.paymentRetrySeconds,
      backoffRate: 2,
    };
  }

  /**
   * Opens the session, keyed by the order; a value instead of an error when the provider has not answered after all tries.
   * @throws what has the step repeated
   */
  async open(order: PlacedOrder): Promise<PaymentSession | Refused> {
    const { token, orderId } = order;
    const orderUrl = `${this.#settings.publicUrl}/orders/${token}`;
    try {
      return await this.#settings.provider.openSession({ ...order, orderKey: orderKeyOf(token), orderUrl });
    } catch (error) {
      DBOS.logger.warn(`Order ${orderId}: no payment session yet: ${String(error)}`);
      this.#failures += 1;
      // Thrown, it would lose its class on replay and fail the workflow while the stock is held.
      if (this.#failures > this.#settings.paymentRetries) return { refused: 'out of reach' };
      throw new NoAnswer(String(error), { cause: error });
    }
  }
}
