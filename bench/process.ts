import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cleanup } from './cleanup.ts';

/** A program in a process of its own. */
export interface RunningProgram {
  readonly pid: number;
  /** Rejects with the program's last output when the program exits unasked. Never resolves. */
  readonly unexpectedExit: Promise<never>;
  /** Kills it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Reads the memory that it holds now. */
  rssBytes(): Promise<number>;
}

const startWithinMs = 30_000;
const endWithinMs = 15_000;
const exitNoticedWithinMs = 1_000;
const outputMax = 4_000;

/**
 * Starts a program and resolves when it is ready. The cleanup ends it.
 * @param program path of a JavaScript or TypeScript file that sends its parent a message when it is ready.
 * @param environment everything except PATH.
 * @throws Error with its last output when it exits early or is not ready within 30 s.
 */
export async function startProgram(
  program: string,
  environment: Readonly<Record<string, string>>,
  cleanup: Cleanup,
): Promise<RunningProgram> {
  const child = fork(program, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    execArgv: program.endsWith('.ts') ? ['--import', 'tsx'] : [],
  });
  let ending = false;
  const end = (signal: NodeJS.Signals): Promise<void> => {
    ending = true;
    return endChild(child, signal);
  };
  cleanup.add(() => end('SIGTERM'));
  const lastOutput = collectLastOutput(child);
  const unexpectedExit = once(child, 'exit').then(([code, signal]) => {
    if (ending) return new Promise<never>(() => undefined);
    throw new Error(`${program} exited with ${String(signal ?? code)}. Its last output:\n${lastOutput()}`);
  });
  // `whileRunning` reports the exit. Nothing waits for it while the run ends.
  unexpectedExit.catch(() => undefined);
  const ready = once(child, 'message', { signal: AbortSignal.timeout(startWithinMs) });
  await Promise.race([unexpectedExit, ready]).catch((error: unknown) => {
    if ((error as Error).name !== 'AbortError') throw error;
    throw new Error(`${program} was not ready within ${startWithinMs / 1000} s.`, { cause: error });
  });
  const pid = child.pid ?? Number.NaN;
  return { pid, unexpectedExit, kill: () => end('SIGKILL'), rssBytes: () => rssBytes(pid) };
}

function collectLastOutput(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputMax);
    });
  }
  return () => output;
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(timer);
}

/** @returns the result of the work. @throws the last output of a program that exits meanwhile. */
export async function whileRunning<Result>(
  programs: readonly RunningProgram[],
  work: Promise<Result>,
): Promise<Result> {
  const exits = programs.map(({ unexpectedExit }) => unexpectedExit);
  try {
    return await Promise.race([...exits, work]);
  } catch (error) {
    // A broken connection is noticed before the exit that caused it.
    await Promise.race([...exits, pause(exitNoticedWithinMs)]);
    throw error;
  }
}

/** Reads a process's memory from Linux. @throws when there is no such process. */
async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
