import { randomInt } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isPortFree } from '../../src/supervisor/ports.ts';

// Below the range of freePort (src/supervisor/ports.ts), and below the ports of connections.
const lowestPort = 15_000;
const highestPort = 24_000;
const folder = path.join(tmpdir(), 'holdfast-test-ports');
const hourMs = 3_600_000;
const host = '127.0.0.1';

/**
 * A port for one test alone: nothing listens on it, and no other test gets it within the hour.
 * A check that it is free is not enough: its owner may be dead for a moment, because the test killed it. The reservation
 * is a file because tests run in several processes.
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
