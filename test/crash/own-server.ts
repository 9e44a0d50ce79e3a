import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { migrate } from '../../src/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../src/supervisor/postgres.ts';
import { openInspector } from '../support/inspector.ts';

// Only a commit that waits for the disk survives a crash within this time.
const settings = { wal_writer_delay: '10s' };

export type StopMode = 'fast' | 'immediate';

/** A Postgres server of the test's own, to be stopped and started under whatever runs on it. */
export class OwnServer {
  readonly #dataDir: string;
  #server: RunningPostgres;

  private constructor(dataDir: string, server: RunningPostgres) {
    this.#dataDir = dataDir;
    this.#server = server;
  }

  static async open(): Promise<OwnServer> {
    // The prefix by which the next test run finds and ends the server of a killed run.
    const dataDir = await mkdtemp(path.join(tmpdir(), `holdfast-test-${process.pid}-`));
    return new OwnServer(dataDir, await startPostgres({ dataDir, settings }));
  }

  /** A migrated database for a shop, or an empty one; removed with the server. */
  async createDatabase(name: string, migrated: boolean): Promise<{ url: string; drop: () => Promise<void> }> {
    const admin = openInspector(this.#server.url, 1);
    try {
      await admin.raw('create database ??', [name]);
    } finally {
      await admin.destroy();
    }
    const url = this.#server.urlOf(name);
    if (migrated) await migrate(url);
    return { url, drop: () => Promise.resolve() };
  }

  /** `fast` ends every session in order, `immediate` is a crash of the server. */
  stop(mode: StopMode): Promise<void> {
    return this.#server.stop(mode);
  }

  /** Starts it again, at the same address. */
  async start(): Promise<void> {
    const { port } = this.#server;
    this.#server = await startPostgres({ dataDir: this.#dataDir, port, settings });
    if (this.#server.port !== port) throw new Error('Somebody took the port of the stopped server.');
  }

  /** Copies the folder of the stopped server; the copy of before is replaced. */
  async backUp(): Promise<void> {
    await rm(this.#backUp, { recursive: true, force: true });
    await promisify(execFile)('cp', ['-a', this.#server.dataDir, this.#backUp]);
  }

  /** Puts the copy in the place of the stopped server's folder. */
  async restore(): Promise<void> {
    await rm(this.#server.dataDir, { recursive: true, force: true });
    await promisify(execFile)('cp', ['-a', this.#backUp, this.#server.dataDir]);
  }

  get #backUp(): string {
    return `${this.#server.dataDir}-backup`;
  }

  async close(): Promise<void> {
    await this.#server.stop('immediate');
    await Promise.all(
      [this.#server.dataDir, this.#dataDir, this.#backUp].map((dir) =>
        rm(dir, { recursive: true, force: true }),
      ),
    );
  }
}
