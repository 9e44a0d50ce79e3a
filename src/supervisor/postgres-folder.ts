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
import { type Account, run, succeeds } from './command.ts';

/** The files of one database server. All but `data` are ours to write; the server's account reads them. */
export interface PostgresFolder {
  readonly root: string;
  readonly data: string;
  readonly password: string;
  readonly settings: string;
  readonly log: string;
}

// Where databases go that the server's account cannot reach in the project's own folder.
const sharedPlaces = ['/var/lib', '/var/tmp'];

/**
 * The folder of the database: `wanted`, or when `account` cannot enter it one that it can, remembered in `wanted`.
 * @throws Error that says what to do when there is no such place.
 */
export async function openFolder(wanted: string, account: Account): Promise<PostgresFolder> {
  const root = path.resolve(wanted);
  await mkdir(root, { recursive: true });
  // The account only passes through: it owns `data` and nothing above it.
  await chmod(root, account ? 0o711 : 0o700);
  if (!account || (await canEnter(root, account))) return filesIn(root);
  return filesIn(await elsewhere(root, account));
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

async function elsewhere(wanted: string, account: Account): Promise<string> {
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

/** The password of the user `postgres`, made at the first call and kept where nobody else can read it. */
export async function keptPassword(folder: PostgresFolder, account: Account): Promise<string> {
  const known = await readFile(folder.password, 'utf8').catch(() => '');
  if (known !== '') return known.trim();
  const password = randomBytes(24).toString('hex');
  await writeFor(account, folder.password, `${password}\n`);
  return password;
}

/**
 * Makes the database cluster unless it is there already.
 * It grows beside its place and is moved there when complete, so that one killed in the middle is started over.
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

/** Writes the server's settings; they hold from its next start. */
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

/** Sets the log of the last run aside and opens an empty one that the server's account can write. */
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
