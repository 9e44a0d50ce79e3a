import type { FastifyBaseLogger } from 'fastify';
import { createAlarm } from './alarm.ts';
import type { Transact } from './transaction.ts';
import { expireOverdue, settleDue } from './transitions.ts';

const millisecondsBetweenLooks = 1_000;
const sessionsPerLook = 100;

export interface DueWork {
  close(): Promise<void>;
}

/** Does what its time has come for: ends overdue sessions, and lets banks answer. What a dead process left is due too. */
export function startDueWork(transact: Transact, log: FastifyBaseLogger): DueWork {
  const alarm = createAlarm();
  const stopping = new AbortController();

  const look = async (): Promise<number> => {
    const expired = await transact((transaction) => expireOverdue(transaction, sessionsPerLook));
    const settled = await transact((transaction) => settleDue(transaction, sessionsPerLook));
    if (expired > 0) log.info({ expired }, 'sessions expired');
    if (settled > 0) log.info({ settled }, 'payments settled');
    return Math.max(expired, settled);
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const done = await look().catch((error: unknown) => {
        log.warn({ reason: String(error) }, 'cannot look for what is due, trying again');
        return 0;
      });
      await alarm.wait(done === sessionsPerLook ? 0 : millisecondsBetweenLooks);
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
