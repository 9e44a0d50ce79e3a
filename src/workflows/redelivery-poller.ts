import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { renotifyUnreadMessages } from '../database/outbox.ts';
import { notifyExpiredHolds } from '../database/transactions/notify-expired-holds.ts';
import { statementsOf } from '../shared/statement.ts';

const everyMs = 1_000;
const answerWithinMs = 5_000;

/**
 * Wakes the checkouts that wait, so that none of them has to look for itself: tells those whose hold is over, and repeats the
 * wake-ups that were lost, as while Postgres restarts (promise 4). Two statements a second, however many wait. Nothing
 * of it throws: what fails, or has no answer, is done at the next time, and told when it begins to fail.
 * @returns ends it
 */
export function startRedeliveryPoller(database: Database): () => void {
  const sql = statementsOf(database);
  const wakeAll = async (): Promise<void> => {
    await notifyExpiredHolds(sql);
    await renotifyUnreadMessages(sql);
  };
  let [busy, failing] = [false, false];
  const wake = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await Promise.race([wakeAll(), noAnswer()]);
      failing = false;
    } catch (error) {
      if (!failing) DBOS.logger.warn(`Checkouts that wait are not woken; trying again: ${String(error)}`);
      failing = true;
    }
    busy = false;
  };
  const timer = setInterval(() => void wake(), everyMs);
  return () => {
    clearInterval(timer);
  };
}

async function noAnswer(): Promise<never> {
  await pause(answerWithinMs, undefined, { ref: false });
  throw new Error('Postgres has not answered.');
}
