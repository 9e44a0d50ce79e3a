import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The port that the payment service of this folder took because its own was taken; undefined when it never had to.
 * Orders that wait for their payment link to it, so the next start takes it again.
 */
export async function keptPort(folder: string): Promise<number | undefined> {
  const text = await readFile(fileIn(folder), 'utf8').catch(() => '');
  const port = Number(text);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/** Remembers the port for the next start. */
export async function keepPort(folder: string, port: number): Promise<void> {
  await writeFile(fileIn(folder), String(port));
}

function fileIn(folder: string): string {
  return path.join(folder, 'payment-port');
}
