import Stripe from 'stripe';
import { isLiveKey } from '../../shared/settings.ts';
import type { PaymentProvider, Refused } from '../provider.ts';
import { apiVersion, readEvent, signatureHeader, verifyEvent } from './events.ts';
import { FreshKeys } from './idempotency.ts';
import { findRefund, listRefundIds, refund } from './refunds.ts';
import { endSession, listEvents, listSessions, openSession } from './sessions.ts';

export interface StripeOptions {
  readonly secretKey: string | undefined;
  /** Every secret of the webhook that is valid now. */
  readonly webhookSecrets: readonly string[];
  /** Origin of a service that speaks Stripe's API; undefined for Stripe itself. */
  readonly serviceUrl: string | undefined;
  /** Origin of its payment pages, where that differs. */
  readonly pagesUrl?: string | undefined;
  /** Time limit of one try of a call; the workflow step decides whether there is another. A page of a list has at least ten seconds. */
  readonly timeoutSeconds: number;
}

const stripePages = 'https://checkout.stripe.com';
// Stripe's shortest life of a session (docs "Expire a Session"); a local service has no such limit.
const stripeShortestSessionSeconds = 1_800;

// A page of a list is larger than other answers.
const shortestListMs = 10_000;

/** Adapts Stripe, or a service that speaks its API, to the port: Checkout Sessions in payment mode. */
export function createStripeProvider(options: StripeOptions): PaymentProvider {
  const { secretKey = '', webhookSecrets, serviceUrl, timeoutSeconds } = options;
  const settings = { telemetry: false, apiVersion, ...addressOf(serviceUrl) };
  const stripe = new Stripe(secretKey, { ...settings, timeout: timeoutSeconds * 1000, maxNetworkRetries: 0 });
  // Nobody waits for a list. Reading is safe to repeat, and one bad page must not end a comparison of hundreds.
  const lists = new Stripe(secretKey, {
    ...settings,
    timeout: Math.max(timeoutSeconds * 1000, shortestListMs),
    maxNetworkRetries: 4,
  });
  const keys = new FreshKeys();
  const shortestSessionSeconds = serviceUrl === undefined ? stripeShortestSessionSeconds : 0;
  return {
    live: isLiveKey(secretKey),
    pagesOrigin: options.pagesUrl ?? serviceUrl ?? stripePages,
    signatureHeader,
    openSession: (request) => openSession(stripe, keys, request, shortestSessionSeconds).catch(refusalOf),
    endSession: (session) => endSession(stripe, session),
    refund: (order) => refund(stripe, keys, order).catch(refusalOf),
    findRefund: (order) => findRefund(stripe, order),
    listRefundIds: (since) => listRefundIds(lists, since),
    listSessions: (since) => listSessions(lists, since),
    listEvents: (since) => listEvents(lists, since),
    verifyEvent: (message, now) => verifyEvent(message, webhookSecrets, now),
    readEvent,
  };
}

function addressOf(serviceUrl: string | undefined): Stripe.StripeConfig {
  if (serviceUrl === undefined) return {};
  const { protocol, hostname, port } = new URL(serviceUrl);
  // Node connects to an IPv6 address without its brackets.
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { protocol: protocol === 'https:' ? 'https' : 'http', host, ...(port && { port }) };
}

/** A request that can never succeed is a value; a failure that may pass stays an error. */
function refusalOf(error: unknown): Refused {
  const final = error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409;
  if (!final) throw error;
  return { refused: error.message };
}
