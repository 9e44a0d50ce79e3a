import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { ours } from './counters.ts';

/** Processor time in milliseconds up to a moment; only differences mean anything. NaN where nobody can tell. */
export interface ProcessorTimes {
  readonly program: number;
  /** Of the server with all of its processes. */
  readonly postgres: number;
  /** Of this process: the buyers, the provider, and the measuring itself. */
  readonly load: number;
}

interface Program {
  usage(): Promise<{ readonly cpuMs: number }>;
}

/** Makes the times of a program readable, with those of the Postgres behind a connection and our own. */
export async function openProcessorTimes(
  program: Program,
  connection: pg.Client,
): Promise<() => Promise<ProcessorTimes>> {
  const postmaster = await findPostmaster(connection);
  return async () => {
    const { user, system } = process.cpuUsage();
    const [{ cpuMs }, postgres] = await Promise.all([program.usage(), treeMs(postmaster)]);
    return { program: cpuMs, postgres, load: (user + system) / 1000 };
  };
}

/** The process above the one that serves us; undefined when Postgres runs elsewhere, or this is no Linux. */
async function findPostmaster(connection: pg.Client): Promise<number | undefined> {
  const { rows } = await connection.query<{ pid: number }>(`select ${ours} pg_backend_pid() as pid`);
  const backend = await readStat(rows[0]?.pid ?? 0);
  return backend?.name === 'postgres' ? backend.parent : undefined;
}

async function treeMs(root: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${root}/task/${root}/children`, 'utf8').catch(() => undefined);
  if (root === undefined || children === undefined) return Number.NaN;
  const pids = children.trim().split(' ').map(Number);
  // Of a process that has ended in the meantime, the server has what it waited for.
  const [server, ...others] = await Promise.all([root, ...pids].map(readStat));
  if (!server) return Number.NaN;
  return others.reduce((sum, other) => sum + (other?.ownMs ?? 0), server.ownMs + server.endedMs);
}

// The kernel counts processor time for everybody in hundredths of a second.
const msPerTick = 10;

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly ownMs: number;
  /** Of the children that have ended. */
  readonly endedMs: number;
}

async function readStat(pid: number): Promise<Stat | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (line === undefined) return undefined;
  // The name, in parentheses, may hold spaces: the numbered fields are counted from behind it.
  const end = line.lastIndexOf(')');
  const fields = line.slice(end + 2).split(' ');
  const field = (number: number): number => Number(fields[number]);
  return {
    name: line.slice(line.indexOf('(') + 1, end),
    parent: field(1),
    ownMs: (field(11) + field(12)) * msPerTick,
    endedMs: (field(13) + field(14)) * msPerTick,
  };
}
