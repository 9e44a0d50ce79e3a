import { expect, test, vi } from 'vitest';
import { startLoop } from './loop.ts';

const never = 60_000;
const log = { warn: vi.fn<(details: object, message: string) => void>() };

test('a wake during the wait repeats the work at once', async () => {
  const work = vi.fn<() => Promise<number>>(async () => never);
  const loop = startLoop('The test', log, work);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(1));
  loop.wake();
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2));
  await loop.close();
});

test('two wakes during the work repeat it once, and closing waits for its end', async () => {
  let calls = 0;
  let isWorking = false;
  const loop = startLoop('The test', log, async () => {
    calls += 1;
    isWorking = true;
    if (calls === 1) {
      loop.wake();
      loop.wake();
    }
    await new Promise((resolve) => setImmediate(resolve));
    isWorking = false;
    return never;
  });
  await vi.waitFor(() => expect(calls).toBe(2));
  await loop.close();
  expect([calls, isWorking]).toEqual([2, false]);
});

test('an error is logged, and the work is repeated', async () => {
  const work = vi.fn<() => Promise<number>>(async () => never).mockRejectedValueOnce(new Error('away'));
  const loop = startLoop('The test', log, work);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2));
  await loop.close();
  expect(log.warn).toHaveBeenCalledWith({ reason: 'Error: away' }, 'The test failed, trying again');
});
