import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);
const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** How long finding a browser may take: the first time it may have to be installed. */
export const msToFindChromium = 300_000;

/** Starts Chromium without a window. @throws saying how to get one, when none is found and none can be fetched. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** The browser of CHROMIUM_PATH, of the system, or of playwright; else it is installed. */
async function findChromium(): Promise<string> {
  const given = process.env['CHROMIUM_PATH'];
  if (given) {
    if (await isExecutable(given)) return given;
    throw new Error(`CHROMIUM_PATH names ${given}, which cannot be executed.`);
  }
  const found = await installed();
  if (found) return found;
  const problems = [await tryInstall('apt-get', ['install', '-y', 'chromium']), await tryPlaywright()];
  const fetched = await installed();
  if (fetched) return fetched;
  throw new Error(
    `The browser tests need Chromium. Install it (Debian: apt-get install chromium), or name one in CHROMIUM_PATH.\n` +
      problems.filter((problem) => problem !== '').join('\n'),
  );
}

async function installed(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  for (const candidate of [...candidates, chromium.executablePath()]) {
    if (candidate !== '' && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Debian's package, when we may install it. @returns what went wrong, or nothing */
async function tryInstall(command: string, args: string[]): Promise<string> {
  if (process.getuid?.() !== 0) return 'Not root, so no package was installed.';
  return attempt(command, ['update']).then((problem) => problem || attempt(command, args));
}

function tryPlaywright(): Promise<string> {
  return attempt(process.execPath, ['node_modules/playwright-core/cli.js', 'install', 'chromium']);
}

function attempt(command: string, args: string[]): Promise<string> {
  return run(command, args, { timeout: msToFindChromium / 2 }).then(
    () => '',
    (error: Error) => `${command} ${args.join(' ')}: ${error.message.split('\n')[0]}`,
  );
}
