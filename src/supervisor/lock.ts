import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { describe, StartFault } from './faults.ts';
import { isAlive, startMark } from './processes.ts';

/** Who runs in a folder: its process, told from later ones of the same id by `mark`, since when and at what address. */
interface Holder {
  readonly pid: number;
  readonly mark: string | undefined;
  readonly since: string;
  readonly address: string;
}

export interface Lock {
  /** Whether somebody held it before and ended without a word, so that its children may still be on their way out. */
  readonly wasStale: boolean;
  release(): Promise<void>;
}

const attemptsMax = 10;

/**
 * Makes this process the only supervisor of a folder, which is created when missing.
 * A pid file that a killed process left behind is no obstacle, even when its process id is in use again.
 * @throws StartFault that names the process which runs here already, or says that the folder cannot be written.
 */
export async function takeLock(folder: string, address: string): Promise<Lock> {
  const file = path.join(folder, 'supervisor.pid');
  const me: Holder = {
    pid: process.pid,
    mark: await startMark(process.pid),
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
  throw new StartFault(`${file} keeps changing: several processes are starting in this folder.`);
}

function alreadyRunning(folder: string, holder: Holder): StartFault {
  return new StartFault(
    `Holdfast runs already in ${folder}: process ${holder.pid}, since ${holder.since}, at ${holder.address}. ` +
      'Stop that process first, or start this one with another DATA_DIR and PORT.',
  );
}

function unusable(error: unknown): StartFault {
  return new StartFault(`The data folder cannot be used: ${describe(error)}. Set DATA_DIR to another one.`);
}

/** Creates the file with all of its text or not at all, so that nobody reads half of it. */
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

/** Two starts may find the same stale file, and the slower one must not remove what the faster one put there. */
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
  return isAlive(holder.pid) && (await startMark(holder.pid)) === holder.mark;
}
