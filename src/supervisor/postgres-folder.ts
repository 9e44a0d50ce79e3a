import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { type Account, run, succeeds } from './processes.ts';

/** The files of one database server. This process writes all but `data`; the server's account reads them. */
export interface PostgresFolder {
  readonly root: string;
  readonly data: string;
  readonly password: string;
  readonly settings: string;
  readonly log: string;
}

// Folders for databases that the server's account cannot reach in the project's own folder.
const sharedPlaces = ['/var/lib', '/var/tmp'];

/**
 * Opens the folder of the database: `wanted`, or another one when `account` cannot enter it. A file in `wanted` then
 * stores the path of the other one.
 * Its tools pass the name to a shell; src/config-rules.ts refuses those that a shell would change.
 * @throws Error with the way out when the account can enter none.
 */
export async function openFolder(wanted: string, account: Account): Promise<PostgresFolder> {
  const root = path.resolve(wanted);
  await mkdir(root, { recursive: true });
  // The account may pass through this folder; it owns only `data`.
  await chmod(root, account ? 0o711 : 0o700);
  if (!account || (await canEnter(root, account))) return filesIn(root);
  return filesIn(await enterableFolder(root, account));
}

function filesIn(root: string): PostgresFolder {
  return {
    root,
    data: path.join(root, 'data'),
    password: path.join(root, 'password'),
    settings: path.join(root, 'settings.conf'),
    log: path.join(root, 'server.log'),
  };
}

function canEnter(folder: string, account: Account): Promise<boolean> {
  return succeeds('cd "$1"', folder, account);
}

async function enterableFolder(wanted: string, account: Account): Promise<string> {
  const pointer = path.join(wanted, 'moved-to');
  const known = (await readFile(pointer, 'utf8').catch(() => '')).trim();
  if (known !== '' && (await canEnter(known, account))) return known;
  if (known !== '') throw new Error(`The database was in ${known}, which cannot be entered any more.`);
  for (const place of sharedPlaces) {
    const folder = await mkdtemp(path.join(place, 'holdfast-')).catch(() => undefined);
    if (folder === undefined) continue;
    await chmod(folder, 0o711);
    if (await canEnter(folder, account)) {
      await writeFile(pointer, `${folder}\n`);
      return folder;
    }
    await rm(folder, { recursive: true });
  }
  throw new Error(
    `Postgres runs as the account "postgres" here, which can enter neither ${wanted} nor ${sharedPlaces.join(' nor ')}. ` +
      'Move the project to a folder that every user can enter, set DATA_DIR to one, or set DATABASE_URL.',
  );
}

/** The password of the user `postgres`. The first call generates it and stores it readable by the server's account alone. */
export async function storedPassword(folder: PostgresFolder, account: Account): Promise<string> {
  const known = await readFile(folder.password, 'utf8').catch(() => '');
  if (known !== '') return known.trim();
  const password = randomBytes(24).toString('hex');
  await writeFor(account, folder.password, `${password}\n`);
  return password;
}

/**
 * Creates the database cluster unless it exists.
 * It is built under a draft name and renamed when complete, so that the start after a kill begins again.
 */
export async function initialize(folder: PostgresFolder, native: string, account: Account): Promise<void> {
  for (const name of await readdir(folder.root)) {
    if (name === 'data') return;
    if (name.startsWith('draft-')) await rm(path.join(folder.root, name), { recursive: true });
  }
  const draft = await mkdtemp(path.join(folder.root, 'draft-'));
  if (account) await chown(draft, account.uid, account.gid);
  const initdb = await run(
    path.join(native, 'bin', 'initdb'),
    [
      `--pgdata=${draft}`,
      '--username=postgres',
      `--pwfile=${folder.password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
    ],
    account,
  );
  if (initdb.code !== 0) throw new Error(`The database could not be created in ${draft}:\n${initdb.output}`);
  await appendFile(path.join(draft, 'postgresql.conf'), "include '../settings.conf'\n");
  await rename(draft, folder.data);
}

/** Writes the server's settings, which apply from its next start. */
export function writeSettings(
  folder: PostgresFolder,
  settings: Readonly<Record<string, string>>,
  account: Account,
): Promise<void> {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  );
  return writeFor(account, folder.settings, lines.join(''));
}

/** Renames the log of the last run and creates an empty one that the server's account can write. */
export async function openLog(folder: PostgresFolder, account: Account): Promise<void> {
  await rename(folder.log, `${folder.log}.1`).catch(() => undefined);
  await writeFor(account, folder.log, '');
}

async function writeFor(account: Account, file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  if (account) await chown(draft, account.uid, account.gid);
  await rename(draft, file);
}
