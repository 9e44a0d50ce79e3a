import { setTimeout as pause } from 'node:timers/promises';

// A guard against a hang only: on a busy machine the observed value changes slowly, but it changes.
const stalledMs = Number(process.env['TEST_STALL_SECONDS'] ?? 300) * 1000;
// Each look costs time that the observed processes need.
const lookEveryMs = 100;

/**
 * Waits until a value meets a condition, and returns it. A value that cannot be read yet does not meet it.
 * @throws naming the last value, when it has not changed for TEST_STALL_SECONDS (300 by default)
 */
export async function waitFor<Value>(
  what: string,
  read: () => Promise<Value> | Value,
  isMet: (value: Value) => boolean,
): Promise<Value> {
  let [last, changedAt] = ['', Date.now()];
  while (Date.now() - changedAt < stalledMs) {
    let seen: string;
    try {
      const value = await read();
      if (isMet(value)) return value;
      seen = JSON.stringify(value) ?? String(value);
    } catch (error) {
      seen = String(error instanceof Error ? error.stack : error);
    }
    if (seen !== last) [last, changedAt] = [seen, Date.now()];
    await pause(lookEveryMs);
  }
  throw new Error(`Nothing changed for ${stalledMs / 1000} s while waiting for ${what}; last seen: ${last}`);
}
