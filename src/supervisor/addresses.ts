import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { describe, StartFault } from './faults.ts';
import { keepPort, keptPort } from './kept-port.ts';
import { freePort, isPortFree } from './ports.ts';

/** Where the local payment service listens, and the origin under which shoppers reach it. */
export interface PaymentAddress {
  readonly port: number;
  readonly url: string;
}

const lookEveryMs = 100;

/**
 * Makes sure that the shop can have its port; waits up to `patienceMs` for one that is on its way to be free.
 * @throws StartFault that says which port is taken and what to do.
 */
export async function claimShopPort(config: Config, patienceMs: number): Promise<void> {
  if (await becomesFree(config.port, config.host, patienceMs)) return;
  throw new StartFault(
    `PORT ${config.port} is taken by another program on ${config.host}. Stop that program, or set PORT to another one.`,
  );
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
 * The address of the local payment service: the port of the settings, or another one when that is taken, and the same
 * one again at the next start.
 * @throws StartFault when it is taken and PAYMENT_SERVICE_URL says that shoppers will look for it there.
 */
export async function choosePaymentAddress(choice: PaymentAddressChoice): Promise<PaymentAddress> {
  const { config, given, dataDir, patienceMs, log } = choice;
  const { servicePort, serviceUrl } = config.payment;
  const kept = given.port || given.url ? undefined : await keptPort(dataDir);
  if (kept !== undefined && (await becomesFree(kept, config.host, patienceMs))) return onThisMachine(kept);
  if (await becomesFree(servicePort, config.host, patienceMs)) return { port: servicePort, url: serviceUrl };
  if (given.url) {
    throw new StartFault(
      `PAYMENT_SERVICE_PORT ${servicePort} is taken by another program on ${config.host}, and PAYMENT_SERVICE_URL is ` +
        'set. Stop that program, or set both to another port.',
    );
  }
  const port = await freePort(config.host);
  await keepPort(dataDir, port);
  log(`PAYMENT_SERVICE_PORT ${servicePort} is taken by another program, taking ${port}`);
  return onThisMachine(port);
}

function onThisMachine(port: number): PaymentAddress {
  return { port, url: `http://localhost:${port}` };
}

/** The origin at which a server of ours that listens on `host` answers from this machine. */
export function localOrigin(host: string, port: number): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function becomesFree(port: number, host: string, patienceMs: number): Promise<boolean> {
  try {
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      if (await isPortFree(port, host)) return true;
      if (waitedMs >= patienceMs) return false;
      await delay(lookEveryMs);
    }
  } catch (error) {
    throw new StartFault(`Nothing can listen on ${host}, port ${port}: ${describe(error)}`);
  }
}
