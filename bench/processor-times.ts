import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { queryRow } from './databases.ts';

/** Processor times in milliseconds. Only differences have a meaning. NaN where the system does not report them. */
export interface ProcessorTimes {
  readonly store_cpu_ms: number;
  /** All processes of Postgres. */
  readonly postgres_cpu_ms: number;
  /** This process: the buyers, the provider and the measuring, which share the machine. */
  readonly load_cpu_ms: number;
}

/** Finds the Postgres behind a connection. @returns a reader of its times, a store's and this process's. */
export async function openProcessorTimes(
  storePid: number,
  connection: pg.Client,
): Promise<() => Promise<ProcessorTimes>> {
  const postmaster = await findPostmaster(connection);
  return async () => {
    const { user, system } = process.cpuUsage();
    const [store, postgres_cpu_ms] = await Promise.all([readStat(storePid), treeMs(postmaster)]);
    return { store_cpu_ms: store?.ownMs ?? Number.NaN, postgres_cpu_ms, load_cpu_ms: (user + system) / 1000 };
  };
}

/** @returns the parent of the process that serves the connection; undefined when Postgres runs on another machine. */
async function findPostmaster(connection: pg.Client): Promise<number | undefined> {
  const backend = await readStat(
    (await queryRow<{ pid: number }>(connection, 'select pg_backend_pid() as pid')).pid,
  );
  return backend?.name === 'postgres' ? backend.parent : undefined;
}

async function treeMs(root: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${root}/task/${root}/children`, 'utf8').catch(() => undefined);
  if (root === undefined || children === undefined) return Number.NaN;
  const pids = children.trim().split(' ').map(Number);
  // The times of a child that ends meanwhile are in the parent's `endedMs`.
  const [server, ...others] = await Promise.all([root, ...pids].map(readStat));
  if (!server) return Number.NaN;
  return others.reduce((sum, other) => sum + (other?.ownMs ?? 0), server.ownMs + server.endedMs);
}

// The kernel reports processor time in hundredths of a second.
const msPerTick = 10;

/** @returns the name, the parent, and the processor times of a process and of its children that have ended. */
async function readStat(pid: number) {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (line === undefined) return undefined;
  // The name is in parentheses and may contain spaces: the numbered fields follow it.
  const end = line.lastIndexOf(')');
  const fields = line
    .slice(end + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number] ?? Number.NaN;
  return {
    name: line.slice(line.indexOf('(') + 1, end),
    parent: field(1),
    ownMs: (field(11) + field(12)) * msPerTick,
    endedMs: (field(13) + field(14)) * msPerTick,
  };
}
