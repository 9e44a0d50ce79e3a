import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine, isAlive } from './processes.ts';

const secondsToBecomeReady = 120;
const pollMs = 100;

/**
 * The server that runs on a data folder, once it accepts connections; undefined when none does.
 * A lock file whose process is gone, or is some other program by now, is removed: Postgres itself would refuse to
 * start while any process of its account has that id.
 * @throws Error when the server runs and never becomes ready.
 */
export async function runningServer(data: string): Promise<{ pid: number; port: number } | undefined> {
  for (let waited = 0; waited < secondsToBecomeReady * 1000; waited += pollMs) {
    const lock = await readLock(data);
    if (!lock) return undefined;
    if (!(await isServer(lock.pid, data))) {
      await rm(path.join(data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (lock.status === 'ready') return { pid: lock.pid, port: lock.port };
    await delay(pollMs);
  }
  throw new Error(`A Postgres runs on ${data} but does not accept connections.`);
}

async function readLock(data: string): Promise<{ pid: number; port: number; status: string } | undefined> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7] ?? '' };
}

async function isServer(pid: number, data: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  // Windows shows no command lines to us, so there any process of that id counts.
  if (process.platform === 'win32') return isAlive(pid);
  const command = await commandLine(pid);
  return command?.includes(data) ?? false;
}
