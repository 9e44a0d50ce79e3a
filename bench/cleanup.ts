/** Undoes at the end what a run has opened, also when a signal ends the run. */
export interface Cleanup {
  /** Registers an undo. Call it before the action begins, so that an interrupt in between finds it. */
  add(undo: () => unknown): void;
  /** Runs every undo once, the latest first. Reports an undo that fails and continues. */
  run(): Promise<void>;
  /** Whether a signal ended the run. Later failures are consequences and need no report. */
  interrupted(): boolean;
}

/** Creates a cleanup that also runs on Ctrl-C and SIGTERM, and then ends the process. */
export function cleanUpOnSignals(): Cleanup {
  let interrupted = false;
  const cleanup = createCleanup(() => interrupted);
  const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
  for (const [signal, code] of Object.entries(exitCodes)) {
    // Ctrl-C arrives twice: from the terminal and from npm.
    process.on(signal, () => {
      interrupted = true;
      void cleanup.run().finally(() => process.exit(code));
    });
  }
  return cleanup;
}

function createCleanup(interrupted: () => boolean): Cleanup {
  const undos: (() => unknown)[] = [];
  let running: Promise<void> | undefined;
  const undoAll = async (): Promise<void> => {
    for (let undo = undos.pop(); undo; undo = undos.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`Could not clean up: ${(error as Error).message}\n`);
      }
    }
  };
  return { add: (undo) => void undos.push(undo), run: () => (running ??= undoAll()), interrupted };
}

/** Runs `work` with a cleanup of its own, which runs when the work ends or the outer cleanup runs. */
export async function withCleanup<Result>(
  outer: Cleanup,
  work: (cleanup: Cleanup) => Promise<Result>,
): Promise<Result> {
  const inner = createCleanup(outer.interrupted);
  outer.add(inner.run);
  try {
    return await work(inner);
  } finally {
    await inner.run();
  }
}
