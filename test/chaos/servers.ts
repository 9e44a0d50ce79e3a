import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Knex } from 'knex';
import { migrate } from '../../src/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../src/supervisor/postgres.ts';
import { openInspector } from '../support/inspector.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);

const shopDatabase = 'shop';
const diskBytes = 2 * 1024 ** 3;
const settings = {
  // A new standby reads what was written since the copy began.
  wal_keep_size: '256MB',
  max_wal_size: '256MB',
  wal_retrieve_retry_interval: '500ms',
  // Only a commit that waits for the disk survives a crash within this time.
  wal_writer_delay: '10s',
  max_connections: '300',
};

interface Server {
  readonly folder: string;
  /** Its folder is a disk of its own, in memory. */
  readonly ownDisk: boolean;
  postgres: RunningPostgres;
}

/** Two Postgres servers: the primary confirms a commit once the standby has it too, so a failover loses no acknowledged commit. */
export class Servers {
  #primary: Server;
  #standby: Server | undefined;
  #address: RunningPostgres;

  private constructor(primary: Server) {
    this.#primary = primary;
    this.#address = primary.postgres;
  }

  /** Starts both, with a migrated database. */
  static async open(): Promise<Servers> {
    const disk = await makeDisk();
    const postgres = await startPostgres({ dataDir: disk.folder, settings });
    const servers = new Servers({ ...disk, postgres });
    await servers.#asAdmin(postgres, (admin) => admin.raw('create database ??', [shopDatabase]));
    await migrate(postgres.urlOf(shopDatabase));
    await servers.#addStandby();
    return servers;
  }

  /** The server at which the address of the database points. */
  get target(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.#address.port };
  }

  /** The user and password of the database, which both servers share. */
  get url(): string {
    return this.#primary.postgres.urlOf(shopDatabase);
  }

  /** Ends the primary, as a crash does (`immediate`) or in order (`fast`), and starts it again after some time. */
  async restart(mode: 'fast' | 'immediate', awayMs: number): Promise<void> {
    await this.#primary.postgres.stop(mode);
    await pause(awayMs);
    await this.#startPrimary();
  }

  /**
   * The primary crashes for good, and its address moves to the standby, which is promoted only later. Afterwards a new standby is built.
   */
  async failOver(onMove: () => void, promotedAfterMs: number): Promise<void> {
    const [old, next] = [this.#primary, this.#standby];
    if (!next) throw new Error('There is no standby.');
    await this.#untilInStep();
    await old.postgres.stop('immediate');
    this.#address = next.postgres;
    onMove();
    await pause(promotedAfterMs);
    await this.#asAdmin(next.postgres, (admin) => admin.raw('select pg_promote()'));
    [this.#primary, this.#standby] = [next, undefined];
    await removeDisk(old);
    await this.#addStandby();
  }

  /**
   * Fills the disk of the primary for some time, or until a write has failed. @returns whether a write failed
   */
  async fillDisk(atMostMs: number): Promise<boolean> {
    const { folder, ownDisk, postgres } = this.#primary;
    if (!ownDisk) return false;
    // A disk does not become smaller than its content, which grows meanwhile.
    await waitFor(
      'a full disk',
      async () => {
        const { blocks, bfree, bsize } = await statfs(folder);
        await resize(folder, (blocks - bfree) * bsize);
        return true;
      },
      Boolean,
    );
    const log = path.join(postgres.dataDir, 'server.log');
    const isFull = async (): Promise<boolean> =>
      (await readFile(log, 'utf8')).includes('No space left on device');
    let failed = false;
    for (const until = Date.now() + atMostMs; Date.now() < until && !failed; failed = await isFull())
      await pause(200);
    await pause(2_000);
    await resize(folder, diskBytes);
    // It ends when it cannot write its log.
    await this.#startPrimary();
    return failed;
  }

  async close(): Promise<void> {
    for (const server of [this.#primary, this.#standby]) if (server) await removeDisk(server);
  }

  async #startPrimary(): Promise<void> {
    const { folder, postgres } = this.#primary;
    this.#primary.postgres = await startPostgres({ dataDir: folder, port: postgres.port, settings });
    if (this.#primary.postgres.port !== postgres.port)
      throw new Error('Somebody took the port of a stopped server.');
    this.#address = this.#primary.postgres;
  }

  /** Copies the running primary, lets the copy follow it, and from then on waits for the copy at each commit. */
  async #addStandby(): Promise<void> {
    const source = this.#primary.postgres;
    const disk = await makeDisk();
    await this.#asAdmin(source, async (admin) => {
      await admin.raw(`select pg_backup_start('standby', true)`);
      // Files that vanish meanwhile are in the log that the copy reads.
      await run('cp', ['-a', `${source.dataDir}/.`, disk.folder]).catch(() => undefined);
      const { rows } = await admin.raw<{ rows: { labelfile: string }[] }>(
        'select labelfile from pg_backup_stop(false)',
      );
      await makeStandby(disk.folder, rows[0]?.labelfile ?? '');
    });
    const { hostname, port, username, password } = new URL(source.url);
    const follows = `host=${hostname} port=${port} user=${username} password=${password}`;
    const postgres = await startPostgres({
      dataDir: disk.folder,
      settings: { ...settings, primary_conninfo: follows },
    });
    this.#standby = { ...disk, postgres };
    await this.#asAdmin(source, async (admin) => {
      await admin.raw(`alter system set synchronous_standby_names = '*'`);
      await admin.raw('select pg_reload_conf()');
    });
    await this.#untilInStep();
  }

  /** Waits until the standby has everything that the primary has committed. */
  async #untilInStep(): Promise<void> {
    await waitFor(
      'the standby to be in step',
      () =>
        this.#asAdmin(this.#primary.postgres, async (admin) => {
          const { rows } = await admin.raw<{ rows: object[] }>(
            `select from pg_stat_replication where sync_state = 'sync' and flush_lsn >= pg_current_wal_flush_lsn()`,
          );
          return rows.length;
        }),
      (rows) => rows === 1,
    );
  }

  async #asAdmin<Result>(
    server: RunningPostgres,
    use: (admin: Knex) => PromiseLike<Result>,
  ): Promise<Result> {
    const admin = openInspector(server.url, 1);
    try {
      return await use(admin);
    } finally {
      await admin.destroy();
    }
  }
}

/** Turns a copied folder into that of a standby. */
async function makeStandby(folder: string, label: string): Promise<void> {
  const data = path.join(folder, 'data');
  for (const file of ['postmaster.pid', 'postmaster.opts', 'pg_wal'])
    await rm(path.join(data, file), { recursive: true, force: true });
  const { uid, gid } = await stat(data);
  // The copy waits for no standby of its own.
  const files = { backup_label: label, 'standby.signal': '', 'postgresql.auto.conf': '' };
  for (const [file, text] of Object.entries(files)) {
    await writeFile(path.join(data, file), text, { mode: 0o600 });
    await chown(path.join(data, file), uid, gid);
  }
  await run('install', ['-d', '-m', '700', '-o', String(uid), '-g', String(gid), path.join(data, 'pg_wal')]);
}

/** A folder for a server: a disk in memory where this account may mount one, so that it can be full. */
async function makeDisk(): Promise<Omit<Server, 'postgres'>> {
  // The prefix by which the next test run finds and ends the server of a killed run.
  const folder = await mkdtemp(path.join(tmpdir(), `holdfast-test-${process.pid}-`));
  const ownDisk = await run('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${diskBytes}`,
    'holdfast-test',
    folder,
  ]).then(
    () => true,
    () => false,
  );
  return { folder, ownDisk };
}

async function resize(folder: string, bytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${bytes}`, folder]);
}

async function removeDisk({ folder, ownDisk, postgres }: Server): Promise<void> {
  await postgres.stop('immediate');
  if (ownDisk) await run('umount', ['-l', folder]);
  else if (postgres.dataDir !== folder) await rm(postgres.dataDir, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
