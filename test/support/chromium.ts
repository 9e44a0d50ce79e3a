import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type LaunchOptions } from 'playwright-core';

const run = promisify(execFile);
// The shell without a window system passes the same tests in half to three quarters of the time.
const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
];
const installWithinMs = 300_000;

/** How to start Chromium without a window. @throws saying how to get one, when none is found and none can be installed */
export async function chromiumOptions(): Promise<LaunchOptions> {
  return {
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
  };
}

/** The browser of CHROMIUM_PATH, of the system, or of playwright; installed when there is none. */
async function findChromium(): Promise<string> {
  const given = process.env['CHROMIUM_PATH'];
  if (given) {
    if (await isExecutable(given)) return given;
    throw new Error(`CHROMIUM_PATH names ${given}, which cannot be executed.`);
  }
  const found = await installed();
  if (found) return found;
  const problems = [
    await installPackage('chromium-headless-shell'),
    (await installed()) ? '' : await installPackage('chromium'),
    (await installed()) ? '' : await installWithPlaywright(),
  ];
  const fetched = await installed();
  if (fetched) return fetched;
  throw new Error(
    `The browser tests need Chromium. Install it (Debian: apt-get install chromium-headless-shell), or name one in CHROMIUM_PATH.\n` +
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

/** Installs a Debian package when we may. @returns the failure, or nothing */
async function installPackage(name: string): Promise<string> {
  if (process.getuid?.() !== 0) return 'Not root, so no package was installed.';
  return (await attempt('apt-get', ['update'])) || attempt('apt-get', ['install', '-y', name]);
}

function installWithPlaywright(): Promise<string> {
  return attempt(process.execPath, ['node_modules/playwright-core/cli.js', 'install', 'chromium']);
}

function attempt(command: string, args: string[]): Promise<string> {
  return run(command, args, { timeout: installWithinMs }).then(
    () => '',
    (error: Error) => `${command} ${args.join(' ')}: ${error.message.split('\n')[0]}`,
  );
}
