import { setTimeout as pause } from 'node:timers/promises';

// Generous, because several real processes may share a busy machine; each look costs time that they need.
const waitAtMostMs = 60_000;
const lookEveryMs = 50;

/**
 * Waits until a value meets a condition, and returns it.
 * A value that cannot be read yet counts as one that does not; the last one is named when time is up.
 */
export async function waitFor<Value>(
  what: string,
  read: () => Promise<Value> | Value,
  isMet: (value: Value) => boolean,
  atMostMs = waitAtMostMs,
): Promise<Value> {
  let last: unknown;
  const deadline = Date.now() + atMostMs;
  while (Date.now() < deadline) {
    try {
      const value = await read();
      if (isMet(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(lookEveryMs);
  }
  throw new Error(
    `Waited in vain for ${what}; last seen: ${last instanceof Error ? last.stack : JSON.stringify(last)}`,
  );
}
