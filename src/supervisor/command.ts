import { spawn } from 'node:child_process';
import path from 'node:path';

/** The account a command runs as; undefined means ours. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

export interface Outcome {
  /** Null when a signal ended the command or it could not be started. */
  readonly code: number | null;
  /** What it wrote to standard output and standard error, trimmed. */
  readonly output: string;
}

/**
 * Runs a command to its end and reports how it went; it never throws.
 * The command starts in the root folder and with a bare environment, because the account may not be able to enter
 * our folder, and Postgres reads more than a dozen variables that somebody may have set for another server.
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

/** Whether `account` gets a zero exit code from a shell script; `argument` is its `$1`. */
export async function succeeds(script: string, argument: string, account: Account): Promise<boolean> {
  const outcome = await run('/bin/sh', ['-c', script, 'sh', argument], account);
  return outcome.code === 0;
}
