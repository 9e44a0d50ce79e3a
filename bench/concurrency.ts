import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `work` for the numbers 0 to `count` − 1. Each of `atOnce` workers, numbered from 0, runs one at a time.
 * @returns the results in the order of the numbers.
 */
export async function inParallel<Result>(
  count: number,
  atOnce: number,
  work: (number: number, worker: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const runWorker = async (worker: number): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      results[number] = await work(number, worker);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, (_, worker) => runWorker(worker)));
  return results;
}

/**
 * Polls a condition until it is true.
 * @throws Error that names the condition after `withinSeconds`.
 */
export async function waitUntil(
  condition: string,
  isTrue: () => boolean | Promise<boolean>,
  { withinSeconds = 60, everyMs = 100 } = {},
): Promise<void> {
  const deadline = performance.now() + withinSeconds * 1000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not true within ${withinSeconds} s: ${condition}.`);
    await pause(everyMs);
  }
}
