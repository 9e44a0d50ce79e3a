import { expect, test } from 'vitest';
import { createAlarm } from './alarm.ts';

const never = 60_000;

test('a call ends the wait', async () => {
  const alarm = createAlarm();
  const waiting = alarm.wait(never);
  alarm.wake();
  await expect(waiting).resolves.toBeUndefined();
});

test('a call before the wait is not lost, and counts once', async () => {
  const alarm = createAlarm();
  alarm.wake();
  await alarm.wait(never);
  const begun = performance.now();
  await alarm.wait(30);
  expect(performance.now() - begun).toBeGreaterThan(20);
});
