import { setTimeout as pause } from 'node:timers/promises';

/** Does something `count` times, at most `atOnce` at a time; the results in the order of their numbers, from 0 on. */
export async function together<Result>(
  count: number,
  atOnce: number,
  work: (number: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      results[number] = await work(number);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return results;
}

/**
 * Asks again and again until the answer is yes.
 * @throws Error that names what never came when that takes longer than `withinSeconds`.
 */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  { withinSeconds = 60, everyMs = 100 } = {},
): Promise<void> {
  const deadline = performance.now() + withinSeconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > deadline)
      throw new Error(`Within ${withinSeconds} s it never came true: ${what}.`);
    await pause(everyMs);
  }
}
