import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { describeError, StartError } from '../shared/program.ts';
import { isAlive, startTime } from './processes.ts';

/** The content of the pid file. `startTime` distinguishes the holder from a later process with the same id. */
interface Holder {
  readonly pid: number;
  readonly startTime: string | undefined;
  readonly since: string;
  readonly address: string;
}

export interface Lock {
  /** Whether the previous holder was killed, so that its children may still be ending. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

const attemptsMax = 10;

/**
 * Makes this process the only supervisor of a folder, which is created when missing.
 * A pid file that a killed process left behind is removed, even when its process id is in use again.
 * @throws StartError that names the process which runs here already, or when the folder cannot be written.
 */
export async function takeLock(folder: string, address: string): Promise<Lock> {
  const file = path.join(folder, 'supervisor.pid');
  const me: Holder = {
    pid: process.pid,
    startTime: await startTime(process.pid),
    since: new Date().toISOString(),
    address,
  };
  const mine = `${JSON.stringify(me)}\n`;
  let wasStale = false;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unusable(error);
  });
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (await createWhole(file, mine)) return { wasStale, release: () => rm(file, { force: true }) };
    const text = await readFile(file, 'utf8').catch(() => '');
    const holder = parse(text);
    if (holder && (await stillRuns(holder))) throw alreadyRunning(folder, holder);
    wasStale = true;
    await removeExactly(file, text);
  }
  throw new StartError(`${file} keeps changing: several processes are starting in this folder.`);
}

function alreadyRunning(folder: string, holder: Holder): StartError {
  return new StartError(
    `Holdfast runs already in ${folder}: process ${holder.pid}, since ${holder.since}, at ${holder.address}. ` +
      'Stop that process first, or start this one with another DATA_DIR and PORT.',
  );
}

function unusable(error: unknown): StartError {
  return new StartError(
    `The data folder cannot be used: ${describeError(error)}. Set DATA_DIR to another one.`,
  );
}

/** Creates the file with all of its text or not at all, so that no reader sees half of it. */
async function createWhole(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, text);
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unusable(error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Removes a stale file. Two starts may find it, and the slower one must not remove the faster one's new file. */
async function removeExactly(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  const moved = await rename(file, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

async function stillRuns(holder: Holder): Promise<boolean> {
  return isAlive(holder.pid) && (await startTime(holder.pid)) === holder.startTime;
}
