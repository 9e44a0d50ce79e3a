import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Cleanup } from './cleanup.ts';

/** A program in a process of its own. */
export interface RunningProgram {
  readonly pid: number;
  /** Never resolves; rejects with the program's last words when it ends although nobody asked it to. */
  readonly died: Promise<never>;
  /** Ends it as a loss of power does; resolves when it is gone. */
  kill(): Promise<void>;
  usage(): Promise<Usage>;
}

/** What a process has taken from the machine. */
export interface Usage {
  /** Processor time of all its threads since it began. */
  readonly cpuMs: number;
  /** Memory that it holds now. */
  readonly rssBytes: number;
}

export interface Program {
  /** Path of a JavaScript or TypeScript file that sends a message to its parent when it is ready. */
  readonly program: string;
  /** All of its environment, except where to find other programs. */
  readonly environment: Readonly<Record<string, string>>;
}

const startWithinMs = 30_000;
const endWithinMs = 15_000;
const lastWordsMax = 4_000;

/**
 * Starts a program and resolves when it is ready. It ends with the cleanup at the latest.
 * @throws Error with its last words when it ends before, or is not ready within half a minute.
 */
export async function startProgram(
  { program, environment }: Program,
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
  const lastWords = keepLastWords(child);
  const died = once(child, 'exit').then(([code, signal]) => {
    if (ending) return new Promise<never>(() => undefined);
    throw new Error(`${program} ended with ${String(signal ?? code)}. Its last words:\n${lastWords()}`);
  });
  // Whoever waits beside it hears of it; nobody waits while the run ends.
  died.catch(() => undefined);
  await Promise.race([died, ready(child, program)]);
  const pid = child.pid ?? Number.NaN;
  return { pid, died, kill: () => end('SIGKILL'), usage: () => usageOf(pid) };
}

async function ready(child: ChildProcess, program: string): Promise<void> {
  await once(child, 'message', { signal: AbortSignal.timeout(startWithinMs) }).catch((error: unknown) => {
    throw new Error(`${program} was not ready within ${startWithinMs / 1000} s.`, { cause: error });
  });
}

function keepLastWords(child: ChildProcess): () => string {
  let words = '';
  const listen = (chunk: Buffer): void => {
    words = (words + chunk.toString()).slice(-lastWordsMax);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  return () => words;
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
  await ended;
  clearTimeout(impatience);
}

// The kernel counts processor time for everybody in hundredths of a second.
const msPerTick = 10;

/** Reads what a process has used from Linux. @throws when there is no such process. */
async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name, in brackets, may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]].map(Number);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return {
    cpuMs: ((user ?? Number.NaN) + (system ?? Number.NaN)) * msPerTick,
    rssBytes: Number(kilobytes) * 1024,
  };
}
