import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { beginChange, changeOrder, type SessionEnd } from '../database/transactions/change-order.ts';
import { findExistingOrder, type PlacedOutcome, placeOrder } from '../database/transactions/place-order.ts';
import { recordSession } from '../database/transactions/record-session.ts';
import type { HoldLimits } from '../domain/limits.ts';
import { correlationTokenOf, type PlacedOrder, type Placement } from '../domain/order.ts';
import type { PaymentProvider, PaymentSession, Refused } from '../payments/provider.ts';
import { isPostgresAway, isTransient } from '../shared/outage.ts';
import { statementsOf } from '../shared/statement.ts';
import type { CheckoutAnswers } from './checkout-answers.ts';

/** The settings of opening a checkout. */
export interface OpeningSettings {
  readonly database: Database;
  readonly provider: PaymentProvider;
  /** The requests of this process that wait for their checkout. */
  readonly answers: CheckoutAnswers;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
  /** What one client may hold; null for no limit. */
  readonly holdLimits: HoldLimits | null;
  /** Messages about unpaid orders that one e-mail address gets within a day. */
  readonly emailsPerDay: number;
  /** How often the opening of a payment session is tried again, and the seconds before that, which double. */
  readonly paymentRetries: number;
  readonly paymentRetrySeconds: number;
}

/**
 * `opened`: the order has a payment session, or the provider refused one. `not_placed`: there is no order to pay. `not_recorded`:
 * Postgres refuses to record the session, for the reason.
 */
export type OpenedCheckout =
  | { readonly outcome: 'opened'; readonly order: PlacedOrder; readonly session: PaymentSession | Refused }
  | { readonly outcome: 'not_placed' }
  | { readonly outcome: 'not_recorded'; readonly orderId: number; readonly error: string };

/**
 * Places the order, opens its payment session at the provider, records it and answers the request: one durable step (decision
 * 19). After a crash all three run again, and each finds what it has done before: the order by its request, the session by its
 * order, the record by its session. An order that takes the place of another one first ends the payment session of that.
 */
export function openCheckout(settings: OpeningSettings, placing: Placement): Promise<OpenedCheckout> {
  const sql = statementsOf(settings.database);
  const { checkoutKey } = placing.order;
  const open = async ({ openSession, endSession }: ProviderCalls): Promise<OpenedCheckout> => {
    const placed = await place(settings, placing, endSession);
    if (placed.outcome !== 'placed') {
      settings.answers.notify(checkoutKey);
      return { outcome: 'not_placed' };
    }
    const { order } = placed;
    // A recorded session needs no answer of the provider, which may be away by now. It can be paid.
    const session = placed.session ?? (await openSession(order));
    if ('refused' in session) return { outcome: 'opened', order, session };
    try {
      const opened = await recordSession(sql, { orderId: order.orderId, ...session });
      settings.answers.notify(checkoutKey, opened);
    } catch (error) {
      if (isRetryable(error)) throw error;
      return { outcome: 'not_recorded', orderId: order.orderId, error: String(error) };
    }
    return { outcome: 'opened', order, session };
  };
  return DBOS.runStep(() => withRetry(settings, open), { name: 'openCheckout' });
}

/**
 * Places the order. One that takes the place of another one does so after the payment session of that has ended, so that never both
 * can be paid (decision 32).
 */
async function place(
  { database, holdLimits: limits, emailsPerDay }: OpeningSettings,
  { changes, ...placing }: Placement,
  endSession: EndSession,
): Promise<PlacedOutcome> {
  const sql = statementsOf(database);
  if (changes === undefined) return placeOrder(sql, placing, limits);
  // After a crash. What was answered already must not begin to change the order once more.
  const existing = await findExistingOrder(sql, placing.order.checkoutKey, placing.requestId);
  if (existing) return existing;
  for (;;) {
    const session = await beginChange(database, changes);
    const end = session === null ? 'ended' : await endSession(session);
    const ended = { sessionId: session?.sessionId ?? null, end };
    const placed = await changeOrder(database, { ...placing, changes }, ended, { limits, emailsPerDay });
    // An order gets one session, so this happens once at most.
    if (placed.outcome !== 'session_recorded') return placed;
  }
}

/** Ends the session of a changed order. After the last attempt without an answer the result is `unknown` instead of an error. */
type EndSession = (session: Parameters<PaymentProvider['endSession']>[0]) => Promise<SessionEnd>;

/** Opens the session of an order. After the last attempt without an answer the result is a refusal instead of an error. */
type OpenSession = (order: PlacedOrder) => Promise<PaymentSession | Refused>;

/** The calls of the provider, each with its number of attempts. */
interface ProviderCalls {
  readonly openSession: OpenSession;
  readonly endSession: EndSession;
}

const outageBackoffMs = 1_000;

/**
 * Retries after transient failures. The provider gets its number of attempts, with backoff that doubles; an outage of Postgres counts
 * as none. The retries stay inside one step, because the engine's own cost a statement each.
 */
async function withRetry<Result>(
  settings: OpeningSettings,
  act: (calls: ProviderCalls) => Promise<Result>,
): Promise<Result> {
  const calls = { openSession: sessionOpener(settings), endSession: sessionEnder(settings) };
  for (let pauseMs = settings.paymentRetrySeconds * 1000; ; ) {
    try {
      return await act(calls);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      if (!(error instanceof ProviderUnavailable))
        DBOS.logger.warn(`A checkout is retried: ${String(error)}`);
      await pause(error instanceof ProviderUnavailable ? pauseMs : outageBackoffMs);
      if (error instanceof ProviderUnavailable) pauseMs *= 2;
    }
  }
}

/** The provider gave no answer, and will be asked again. */
class ProviderUnavailable extends Error {}

function isRetryable(error: unknown): boolean {
  return error instanceof ProviderUnavailable || isPostgresAway(error) || isTransient(error);
}

function sessionOpener({ provider, publicUrl, paymentRetries }: OpeningSettings): OpenSession {
  let failures = 0;
  return async (order) => {
    const { token, orderId } = order;
    const orderUrl = `${publicUrl}/orders/${token}`;
    try {
      return await provider.openSession({ ...order, correlationToken: correlationTokenOf(token), orderUrl });
    } catch (error) {
      DBOS.logger.warn(`Order ${orderId}: no payment session yet: ${String(error)}`);
      failures += 1;
      // Thrown, it would lose its class on replay and fail the workflow while the stock is held.
      if (failures > paymentRetries) return { refused: 'out of reach' };
      throw new ProviderUnavailable(String(error), { cause: error });
    }
  };
}

function sessionEnder({ provider, paymentRetries }: OpeningSettings): EndSession {
  let failures = 0;
  return async (session) => {
    try {
      return (await provider.endSession(session)).outcome;
    } catch (error) {
      DBOS.logger.warn(`The end of payment session ${session.sessionId} is unknown: ${String(error)}`);
      failures += 1;
      if (failures > paymentRetries) return 'unknown';
      throw new ProviderUnavailable(String(error), { cause: error });
    }
  };
}
