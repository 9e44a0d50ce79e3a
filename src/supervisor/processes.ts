import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { run } from './command.ts';

/** Whether a process of that id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, arguments joined by spaces; undefined when there is none or nobody can tell. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw === '' ? undefined : raw.replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'args=');
}

/**
 * When a process started, as a text that only equality means anything for: a process id is used again, a pair of
 * id and start is not. Undefined when there is no such process or nobody can tell.
 */
export async function startMark(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The program's name, in parentheses, may hold spaces; the state follows it, and the start is the 20th field.
    const fields = raw.slice(raw.lastIndexOf(')') + 2).split(' ');
    // A process that has ended stays in the list until somebody asks for its exit code, for ever in some containers.
    return fields[0] === 'Z' ? undefined : fields[19];
  }
  return ps(pid, 'lstart=');
}

async function ps(pid: number, format: string): Promise<string | undefined> {
  const { code, output } = await run('/bin/ps', ['-p', String(pid), '-o', format]);
  return code === 0 && output !== '' ? output : undefined;
}
