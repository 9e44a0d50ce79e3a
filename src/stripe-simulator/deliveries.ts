import type { FastifyBaseLogger } from 'fastify';
import type { Statement } from '../shared/statement.ts';
import {
  type ClaimedEvent,
  claimDueEvents,
  markDelivered,
  millisecondsToNextEvent,
  postponeEvent,
  releaseClaims,
} from './database/events.ts';
import { type Loop, startLoop } from './loop.ts';
import { unixSeconds } from './model.ts';
import { forgeries, type SignedBody, signed } from './signature.ts';

const parallelLimit = 16;
const millisecondsPerTry = 10_000;
// Longer than a try with a forgery before it, so that no event is posted twice while its first try runs.
const claimSeconds = 30;
const millisecondsBetweenPolls = 5_000;
const millisecondsToFinish = 1_000;
const attemptsBeforeWarning = 5;

interface DeliveryOptions {
  readonly sql: Statement;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly log: FastifyBaseLogger;
}

/**
 * Posts every event to the shop until the shop answers 2xx: at least once, after a crash as well. At most sixteen events are
 * posted at once, and otherwise events do not wait for each other. Wake it after a commit with new events.
 */
export function startDeliveries(options: DeliveryOptions): Loop {
  const { sql, log } = options;
  const aborting = new AbortController();
  const inFlight = new Map<string, Promise<void>>();
  let claimsReleased = false;

  const start = async (event: ClaimedEvent): Promise<void> => {
    const isDelivered = await deliver(options, event, aborting.signal);
    const wasFull = inFlight.size === parallelLimit;
    inFlight.delete(event.id);
    // The loop sleeps until the next event is due. A new due time or a free slot ends that sleep.
    if (!isDelivered || wasFull) loop.wake();
  };

  const loop = startLoop('The delivery of events', log, async () => {
    if (!claimsReleased) await releaseClaims(sql);
    claimsReleased = true;
    const capacity = parallelLimit - inFlight.size;
    if (capacity === 0) return millisecondsBetweenPolls;
    const events = await claimDueEvents(sql, capacity, claimSeconds);
    for (const event of events) inFlight.set(event.id, start(event));
    if (events.length === capacity) return 0;
    const milliseconds = (await millisecondsToNextEvent(sql)) ?? millisecondsBetweenPolls;
    return Math.max(0, Math.min(milliseconds, millisecondsBetweenPolls));
  });

  return {
    wake: () => loop.wake(),
    async close() {
      await loop.close();
      const timer = setTimeout(() => aborting.abort(), millisecondsToFinish);
      await Promise.all(inFlight.values());
      clearTimeout(timer);
    },
  };
}

/** Tries once and returns whether nothing became due. Never fails: without a record, the event is due when its claim ends. */
async function deliver(
  options: DeliveryOptions,
  { id, type, body, forgery, attempts }: ClaimedEvent,
  signal: AbortSignal,
): Promise<boolean> {
  const { sql, log, webhookSecret: secret } = options;
  try {
    const forge = forgery === null ? undefined : forgeries[forgery];
    if (forge !== undefined) {
      // The answer to a forgery changes nothing. The shop's own rows show whether it was refused.
      const answer = await post(options, forge(body, secret, unixSeconds(new Date())), signal);
      log.info({ forgery: forge.name, answer }, 'forged webhook posted');
    }
    const answer = await post(options, signed(body, secret, unixSeconds(new Date())), signal);
    if (answer === 'accepted') {
      log.info({ event: id, type, attempts }, 'webhook delivered');
      return await markDelivered(sql, id);
    }
    const level = attempts === attemptsBeforeWarning ? 'warn' : 'debug';
    log[level]({ event: id, type, attempts, answer }, 'webhook not accepted yet');
    await postponeEvent(sql, id, backoffSeconds(attempts));
  } catch (error) {
    log.warn({ reason: String(error) }, 'cannot record a delivery, it will be repeated');
  }
  return false;
}

async function post(
  { webhookUrl }: DeliveryOptions,
  { body, signature }: SignedBody,
  signal: AbortSignal,
): Promise<string> {
  try {
    const response = await fetch(webhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
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

/** The seconds before the next try: 0.2 after the first, doubled each time, at most 5. */
export function backoffSeconds(attempts: number): number {
  return Math.min(5, 0.2 * 2 ** Math.min(attempts - 1, 10));
}
