import { randomInt } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isPortFree } from '../../src/supervisor/ports.ts';

// Below the range from which the supervisor takes ports by itself (src/supervisor/ports.ts), and below those of connections.
const lowestPort = 15_000;
const highestPort = 24_000;
const folder = path.join(tmpdir(), 'holdfast-test-ports');
const hourMs = 3_600_000;
const host = '127.0.0.1';

/**
 * A port for one test alone: nobody listens on it, and no other test is given it within the hour. Asking whether it is free would
 * not do, because the process that owns it may be dead just then, on purpose.
 */
export async function reservePort(): Promise<number> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    if ((await reserve(path.join(folder, String(port)))) && (await isPortFree(port, host))) return port;
  }
}

async function reserve(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  const isOld = found !== undefined && Date.now() - found.mtimeMs > hourMs;
  return writeFile(file, '', { flag: isOld ? 'w' : 'wx' }).then(
    () => true,
    () => false,
  );
}
