import { setTimeout as sleep } from 'node:timers/promises';

const millisecondsAfterFault = 500;

/** Work that is repeated until it is closed. */
export interface Loop {
  /** Ends the wait. During the work, it skips the next wait. */
  wake(): void;
  /** Resolves when the work has ended. */
  close(): Promise<void>;
}

/** Repeats work, which returns the milliseconds until it is due again. An error is logged, and the work is repeated soon. */
export function startLoop(
  name: string,
  log: { warn(details: object, message: string): void },
  work: () => Promise<number>,
): Loop {
  const closing = new AbortController();
  let alarm = new AbortController();
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const milliseconds = await work().catch((error: unknown) => {
        log.warn({ reason: String(error) }, `${name} failed, trying again`);
        return millisecondsAfterFault;
      });
      await sleep(milliseconds, undefined, { signal: alarm.signal }).catch(() => undefined);
      alarm = new AbortController();
    }
  };
  const running = run();
  return {
    wake: () => alarm.abort(),
    close() {
      closing.abort();
      alarm.abort();
      return running;
    },
  };
}
