import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, isIP } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort, { portNumbers } from 'get-port';
import type { Config } from '../config.ts';
import { describeError, StartError } from '../shared/program.ts';
import { originOf } from '../shared/settings.ts';

const pollMs = 100;
const attemptsMax = 20;
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
export async function claimShopPort({ port, host }: Config, patienceMs: number): Promise<void> {
  const owner = await findOwner(port, host, patienceMs);
  if (owner === undefined) return;
  throw new StartError(`PORT ${port} is taken by ${owner}. Stop that program, or set PORT to another one.`);
}

/**
 * The addresses by which clients on this machine look for a server on `host`. A name may stand for several, as localhost does: a browser, or
 * a client with the API key, would reach another program on one that the server does not use.
 */
async function addressesFor(host: string): Promise<readonly string[]> {
  if (['localhost', '127.0.0.1', '::1'].includes(host)) return ['127.0.0.1', '::1'];
  if (['0.0.0.0', '::'].includes(host)) return ['0.0.0.0', '::'];
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true }).catch((error: unknown) => {
    throw new StartError(`HOST ${host} has no address: ${describeError(error)}`);
  });
  return found.map(({ address }) => address);
}

/** The port on which the local payment service listens, and the origins under which shoppers and the shop reach it. */
export interface PaymentAddress {
  readonly port: number;
  readonly url: string;
  readonly apiUrl: string;
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
  const { host } = config;
  const ownerOf = (candidate: number): Promise<string | undefined> =>
    candidate === config.port ? Promise.resolve('the shop') : findOwner(candidate, host, patienceMs);
  const file = path.join(dataDir, 'payment-port');
  const stored = given.port || given.url ? undefined : await storedPort(file);
  if (stored !== undefined && (await ownerOf(stored)) === undefined) return addressOf(host, stored);
  const owner = await ownerOf(servicePort);
  if (owner === undefined) return { ...addressOf(host, servicePort), url: serviceUrl };
  if (given.url) {
    throw new StartError(
      `PAYMENT_SERVICE_PORT ${servicePort} is taken by ${owner}, and PAYMENT_SERVICE_URL is set. ` +
        'Stop that program, or set both to another port.',
    );
  }
  const port = await freeOnAll(config);
  await writeFile(file, String(port));
  log(`PAYMENT_SERVICE_PORT ${servicePort} is taken by ${owner}, taking ${port}`);
  return addressOf(host, port);
}

async function freeOnAll({ host, port: shopPort }: Config): Promise<number> {
  for (let attempts = 1; attempts <= attemptsMax; attempts += 1) {
    const port = await freePort(host);
    if (port !== shopPort && (await findOwner(port, host, 0)) === undefined) return port;
  }
  throw new StartError(`No port is free on ${(await addressesFor(host)).join(' and ')}.`);
}

async function storedPort(file: string): Promise<number | undefined> {
  const port = Number(await readFile(file, 'utf8').catch(() => ''));
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

function addressOf(host: string, port: number): PaymentAddress {
  return { port, url: originOf(host, port, 'localhost'), apiUrl: originOf(host, port) };
}

/** The program that has a port on an address for `host`, in words, or undefined. Waits for a port that is about to become free. */
async function findOwner(port: number, host: string, patienceMs: number): Promise<string | undefined> {
  for (const address of await addressesFor(host)) {
    // A machine without IPv6 may still know ::1 as localhost.
    const isOwn = address === host || (isIP(host) === 0 && address !== '::1');
    if (!(await becomesFree(port, address, { isOwn, patienceMs }))) return `another program on ${address}`;
  }
  return undefined;
}

interface Waiting {
  /** Whether the server itself will listen there. */
  readonly isOwn: boolean;
  readonly patienceMs: number;
}

async function becomesFree(port: number, address: string, { isOwn, patienceMs }: Waiting): Promise<boolean> {
  try {
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      if (await isPortFree(port, address)) return true;
      if (waitedMs >= patienceMs) return false;
      await delay(pollMs);
    }
  } catch (error) {
    // This machine may have addresses of one family only.
    if (!isOwn) return true;
    throw new StartError(`Nothing can listen on ${address}, port ${port}: ${describeError(error)}`);
  }
}
