import type { FastifyBaseLogger } from 'fastify';
import type { Alarm } from './alarm.ts';
import {
  type ClaimedEvent,
  claimDueEvents,
  markDelivered,
  millisecondsToNextEvent,
  postponeEvent,
  releaseClaims,
} from './database/events.ts';
import type { Statement } from './database/statement.ts';
import { forgeries, type SignedBody } from './forgery.ts';
import { unixSeconds } from './session.ts';
import { signatureHeader } from './signature.ts';

const parallelLimit = 16;
const millisecondsPerTry = 10_000;
// Longer than a try with a forgery before it, so that no event is posted twice while its first try still runs.
const claimSeconds = 30;
const millisecondsBetweenLooks = 5_000;
const millisecondsAfterFault = 500;
const millisecondsToFinish = 1_000;
const attemptsBeforeWarning = 5;

export interface Deliveries {
  close(): Promise<void>;
}

interface DeliveryOptions {
  /** Rings when new events were committed. */
  readonly alarm: Alarm;
  readonly sql: Statement;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly log: FastifyBaseLogger;
}

/**
 * Posts every event of the outbox to the shop until the shop answers 2xx: at least once, whatever dies in between.
 * Events do not wait for each other, except that at most sixteen are on their way at once.
 */
export function startDeliveries(options: DeliveryOptions): Deliveries {
  const { alarm } = options;
  const stopping = new AbortController();
  const aborting = new AbortController();
  const inFlight = new Map<string, Promise<void>>();

  const start = async (event: ClaimedEvent): Promise<void> => {
    const outcome = await deliver(options, event, aborting.signal);
    const wasFull = inFlight.size === parallelLimit;
    inFlight.delete(event.id);
    // The loop sleeps until the next event is due; it must know of a new time and of new room.
    if (outcome === 'again' || wasFull) alarm.wake();
  };

  const startDue = async (): Promise<number> => {
    const capacity = parallelLimit - inFlight.size;
    if (capacity === 0) return millisecondsBetweenLooks;
    const events = await claimDueEvents(options.sql, capacity, claimSeconds);
    for (const event of events) inFlight.set(event.id, start(event));
    if (events.length === capacity) return 0;
    return pause(await millisecondsToNextEvent(options.sql));
  };

  const run = async (): Promise<void> => {
    let claimsReleased = false;
    while (!stopping.signal.aborted) {
      try {
        if (!claimsReleased) await releaseClaims(options.sql);
        claimsReleased = true;
        await alarm.wait(await startDue());
      } catch (error) {
        options.log.warn({ reason: String(error) }, 'cannot look for events, trying again');
        await alarm.wait(millisecondsAfterFault);
      }
    }
  };

  const running = run();
  return {
    async close() {
      stopping.abort();
      alarm.wake();
      await running;
      const timer = setTimeout(() => aborting.abort(), millisecondsToFinish);
      await Promise.all(inFlight.values());
      clearTimeout(timer);
    },
  };
}

function pause(millisecondsToNext: number | undefined): number {
  return Math.max(0, Math.min(millisecondsToNext ?? millisecondsBetweenLooks, millisecondsBetweenLooks));
}

/** One try. It never fails: what cannot be written down is due again when the claim runs out. */
async function deliver(
  options: DeliveryOptions,
  event: ClaimedEvent,
  signal: AbortSignal,
): Promise<'delivered' | 'again'> {
  const { sql, log } = options;
  try {
    await postForgery(options, event, signal);
    const answer = await post(options, signed(options, event), signal);
    if (answer === 'accepted') {
      const done = await markDelivered(sql, event.id);
      log.info({ event: event.id, type: event.type, attempts: event.attempts }, 'webhook delivered');
      return done ? 'delivered' : 'again';
    }
    const details = { event: event.id, type: event.type, attempts: event.attempts, answer };
    log[event.attempts === attemptsBeforeWarning ? 'warn' : 'debug'](details, 'webhook not accepted yet');
    await postponeEvent(sql, event.id, backoffSeconds(event.attempts));
  } catch (error) {
    log.warn({ reason: String(error) }, 'cannot record a delivery, it will be repeated');
  }
  return 'again';
}

function signed({ webhookSecret }: DeliveryOptions, { body }: ClaimedEvent): SignedBody {
  return { body, signature: signatureHeader(body, webhookSecret, unixSeconds(new Date())) };
}

/** The shop's answer to a forgery changes nothing; whether it believed it, its own ledger show. */
async function postForgery(
  options: DeliveryOptions,
  { body, forgery }: ClaimedEvent,
  signal: AbortSignal,
): Promise<void> {
  const forge = forgery === null ? undefined : forgeries[forgery];
  if (forge === undefined) return;
  const forged = forge(body, options.webhookSecret, unixSeconds(new Date()));
  const answer = await post(options, forged, signal);
  options.log.info({ forgery: forge.name, answer }, 'forged webhook posted');
}

async function post(
  options: DeliveryOptions,
  { body, signature }: SignedBody,
  signal: AbortSignal,
): Promise<string> {
  try {
    const response = await fetch(options.webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signature,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(millisecondsPerTry)]),
    });
    await response.body?.cancel();
    return response.ok ? 'accepted' : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** 0.2 s after the first try, doubling, never more than 5 s: the shop of a demonstration is back soon. */
export function backoffSeconds(attempts: number): number {
  return Math.min(5, 0.2 * 2 ** Math.min(attempts - 1, 10));
}
