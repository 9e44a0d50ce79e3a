/** What has to be undone at the end, however it comes. */
export interface Cleanup {
  /** Remembers an undoing. Say it before the deed begins, so that an interrupt in between finds it. */
  add(undo: () => unknown): void;
  /** Undoes everything, the latest first, once. A failing one is reported and holds up no other. */
  run(): Promise<void>;
  /** Whether a signal ended the work: what fails then is no news. */
  interrupted(): boolean;
}

/** Undoes everything on Ctrl-C and SIGTERM too, and ends the process then. */
export function cleanUpOnSignals(): Cleanup {
  let interrupted = false;
  const cleanup = { ...createCleanup(), interrupted: () => interrupted };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    // Ctrl-C reaches us from the terminal and again from the process that runs us, so the second means nothing.
    process.on(signal, () => {
      interrupted = true;
      void cleanup.run().finally(() => process.exit(code));
    });
  }
  return cleanup;
}

function createCleanup(): Omit<Cleanup, 'interrupted'> {
  const undoings: (() => unknown)[] = [];
  let running: Promise<void> | undefined;
  const undoAll = async (): Promise<void> => {
    for (let undo = undoings.pop(); undo; undo = undoings.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`Could not clean up: ${(error as Error).message}\n`);
      }
    }
  };
  return {
    add: (undo) => void undoings.push(undo),
    run: () => (running ??= undoAll()),
  };
}

/** Does work with a cleanup of its own, so that what it opened is gone when it is over. A signal ends it as well. */
export async function andCleanUp<Result>(
  outer: Cleanup,
  work: (cleanup: Cleanup) => Promise<Result>,
): Promise<Result> {
  const inner = { ...createCleanup(), interrupted: outer.interrupted };
  outer.add(inner.run);
  try {
    return await work(inner);
  } finally {
    await inner.run();
  }
}
