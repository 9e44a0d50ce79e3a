import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort, { portNumbers } from 'get-port';
import type { Config } from '../config.ts';
import { describeError, StartError } from '../shared/program.ts';

const pollMs = 100;
// Systems give connections the ports above this range; the next connection of any program could take one of those.
const lowestPort = 24_000;
const highestPort = 32_000;

/**
 * A port on which nothing listens now. The search starts at a random number, so that two programs rarely choose the
 * same port at once.
 */
export function freePort(host: string): Promise<number> {
  return getPort({ host, port: portNumbers(randomInt(lowestPort, highestPort), highestPort) });
}

/**
 * Whether this account can listen on a port now. get-port does not answer this: it does not return the same port twice
 * within 15 s, and treats a forbidden port as a taken one.
 * @throws Error when the port is not taken and cannot be used either.
 */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
    await once(server.close(), 'close');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/**
 * Checks that the shop can listen on its port; waits up to `patienceMs` for a port that is about to become free.
 * @throws StartError that names the port and the way out.
 */
export async function claimShopPort(config: Config, patienceMs: number): Promise<void> {
  if (await becomesFree(config.port, config.host, patienceMs)) return;
  throw new StartError(
    `PORT ${config.port} is taken by another program on ${config.host}. Stop that program, or set PORT to another one.`,
  );
}

/** The port on which the local payment service listens, and the origin under which shoppers reach it. */
export interface PaymentAddress {
  readonly port: number;
  readonly url: string;
}

export interface PaymentAddressChoice {
  readonly config: Config;
  /** Whether the port, and the origin, are settings rather than defaults. */
  readonly given: { readonly port: boolean; readonly url: boolean };
  readonly dataDir: string;
  readonly patienceMs: number;
  readonly log: (line: string) => void;
}

/**
 * Chooses the address of the local payment service: the port of the settings, or another one when that is taken.
 * Stores the other port for the next start, because orders that wait for payment link to it.
 * @throws StartError when the port is taken and PAYMENT_SERVICE_URL has promised it to shoppers.
 */
export async function choosePaymentAddress(choice: PaymentAddressChoice): Promise<PaymentAddress> {
  const { config, given, dataDir, patienceMs, log } = choice;
  const { servicePort, serviceUrl } = config.payment;
  const file = path.join(dataDir, 'payment-port');
  const stored = given.port || given.url ? undefined : await storedPort(file);
  if (stored !== undefined && (await becomesFree(stored, config.host, patienceMs)))
    return onThisMachine(stored);
  if (await becomesFree(servicePort, config.host, patienceMs)) return { port: servicePort, url: serviceUrl };
  if (given.url) {
    throw new StartError(
      `PAYMENT_SERVICE_PORT ${servicePort} is taken by another program on ${config.host}, and PAYMENT_SERVICE_URL is ` +
        'set. Stop that program, or set both to another port.',
    );
  }
  const port = await freePort(config.host);
  await writeFile(file, String(port));
  log(`PAYMENT_SERVICE_PORT ${servicePort} is taken by another program, taking ${port}`);
  return onThisMachine(port);
}

async function storedPort(file: string): Promise<number | undefined> {
  const port = Number(await readFile(file, 'utf8').catch(() => ''));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

function onThisMachine(port: number): PaymentAddress {
  return { port, url: `http://localhost:${port}` };
}

async function becomesFree(port: number, host: string, patienceMs: number): Promise<boolean> {
  try {
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      if (await isPortFree(port, host)) return true;
      if (waitedMs >= patienceMs) return false;
      await delay(pollMs);
    }
  } catch (error) {
    throw new StartError(`Nothing can listen on ${host}, port ${port}: ${describeError(error)}`);
  }
}
