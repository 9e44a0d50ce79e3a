import type { FastifyBaseLogger } from 'fastify';
import { createAlarm } from './alarm.ts';
import type { Transact } from './transaction.ts';
import { expireOverdue } from './transitions.ts';

const millisecondsBetweenLooks = 1_000;
const sessionsPerLook = 100;

export interface Expiry {
  close(): Promise<void>;
}

/** Ends sessions whose time is over, also those that nobody asks for again. */
export function startExpiry(transact: Transact, log: FastifyBaseLogger): Expiry {
  const alarm = createAlarm();
  const stopping = new AbortController();

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const expired = await transact((transaction) => expireOverdue(transaction, sessionsPerLook)).catch(
        (error: unknown) => {
          log.warn({ reason: String(error) }, 'cannot look for overdue sessions, trying again');
          return 0;
        },
      );
      if (expired > 0) log.info({ expired }, 'sessions expired');
      await alarm.wait(expired === sessionsPerLook ? 0 : millisecondsBetweenLooks);
    }
  };

  const running = run();
  return {
    async close() {
      stopping.abort();
      alarm.wake();
      await running;
    },
  };
}
