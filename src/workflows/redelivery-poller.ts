import { setTimeout as pause } from 'node:timers/promises';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Database } from '../database/connection.ts';
import { renotifyUnreadMessages } from '../database/outbox.ts';
import { notifyExpiredHolds } from '../database/transactions/notify-expired-holds.ts';
import { statementsOf } from '../shared/statement.ts';

const everyMs = 1_000;
const answerWithinMs = 5_000;

/**
 * Wakes waiting checkouts, so that none of them has to poll: notifies those whose hold expired, and repeats notifications that were
 * lost, for example while Postgres restarted (promise 4). Two statements a second, however many wait. It never throws: a failure
 * or a missing answer is logged when it begins, and the next run tries again.
 * @returns a function that stops it
 */
export function startRedeliveryPoller(database: Database): () => void {
  const sql = statementsOf(database);
  const runOnce = async (): Promise<void> => {
    await notifyExpiredHolds(sql);
    await renotifyUnreadMessages(sql);
  };
  let [busy, failing] = [false, false];
  const poll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await Promise.race([runOnce(), timeLimit()]);
      failing = false;
    } catch (error) {
      if (!failing) DBOS.logger.warn(`Waiting checkouts are not woken; trying again: ${String(error)}`);
      failing = true;
    }
    busy = false;
  };
  const timer = setInterval(() => void poll(), everyMs);
  return () => {
    clearInterval(timer);
  };
}

async function timeLimit(): Promise<never> {
  await pause(answerWithinMs, undefined, { ref: false });
  throw new Error('Postgres has not answered.');
}
