import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { reservePort } from './ports.ts';
import { waitFor } from './wait.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything that `npm start` runs, in a data folder of its own. */
export interface StartedShop {
  readonly shopUrl: string;
  readonly paymentUrl: string;
  /** The output of the supervisor and its processes so far. */
  output(): string;
  /** Ends it as a service manager does, and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts the built supervisor on free ports and waits for its summary; `settings` go to its environment. A DATA_DIR among
 * them is the caller's to remove.
 */
export async function startAsNpmStartDoes(
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedShop> {
  const dataDir = settings['DATA_DIR'] ?? (await makeDataDir());
  const [port, paymentPort] = [await reservePort(), await reservePort()];
  const child = spawn(process.execPath, ['dist/supervisor.js'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      PORT: String(port),
      PAYMENT_SERVICE_PORT: String(paymentPort),
      LOG_LEVEL: 'warn',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  await waitFor(
    'the summary of the start',
    () => Promise.resolve(output()),
    (text) => text.includes('is open'),
  );
  return {
    shopUrl: `http://localhost:${port}`,
    paymentUrl: `http://localhost:${paymentPort}`,
    output,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (settings['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Readable for the account that Postgres runs as. Otherwise its data would be put into another folder and stay there. */
export async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'holdfast-start-'));
  await chmod(dataDir, 0o755);
  return dataDir;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  }
  child.once('exit', (code) => (text += `\nended with ${code}`));
  return () => text;
}
