import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';

/** The account that a command runs as; undefined means the account of this process. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

export interface Outcome {
  /** Null when a signal ended the command or it could not be started. */
  readonly code: number | null;
  /** Standard output and standard error, trimmed. */
  readonly output: string;
}

/**
 * Runs a command to its end and reports the outcome; it never throws.
 * The command starts in the root folder because its account may be unable to enter the current one. Its environment is
 * empty because Postgres reads more than a dozen variables that may have been set for another server.
 */
export function run(file: string, args: readonly string[], account?: Account): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...account,
      cwd: path.parse(process.cwd()).root,
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const append = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', append);
    child.stderr.on('data', append);
    child.on('error', (error) => {
      resolve({ code: null, output: error.message });
    });
    child.on('close', (code) => {
      resolve({ code, output: output.trim() });
    });
  });
}

/** Whether `account` gets exit code 0 from a shell script; `argument` is its `$1`. */
export async function succeeds(script: string, argument: string, account: Account): Promise<boolean> {
  const outcome = await run('/bin/sh', ['-c', script, 'sh', argument], account);
  return outcome.code === 0;
}

/** Whether a process with that id runs, under any account. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, arguments joined by spaces; undefined when there is none or it cannot be read. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw === '' ? undefined : raw.replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'args=');
}

/**
 * The start time of a process, as text to compare for equality. A process id is reused; an id with its start time is not.
 * Undefined when there is no such process or its start time cannot be read.
 */
export async function startTime(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The program's name, in parentheses, may hold spaces; the state follows it, and the start is the 20th field.
    const fields = raw.slice(raw.lastIndexOf(')') + 2).split(' ');
    // An ended process stays listed until its parent reads the exit code, which in some containers never happens.
    return fields[0] === 'Z' ? undefined : fields[19];
  }
  return ps(pid, 'lstart=');
}

async function ps(pid: number, format: string): Promise<string | undefined> {
  const { code, output } = await run('/bin/ps', ['-p', String(pid), '-o', format]);
  return code === 0 && output !== '' ? output : undefined;
}
