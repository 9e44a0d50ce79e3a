import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { readPostgresAddress } from './postgres-address.ts';
import { isLoopback } from './same-site.ts';

// Settings that the shop and the simulator read alike.

/** An address without a path, as in `https://shop.example`. */
export const origin = z
  .url({ protocol: /^https?$/, error: 'is http:// or https:// and a host, such as https://shop.example' })
  .refine(
    (url) => !URL.canParse(url) || new URL(url).href === `${new URL(url).origin}/`,
    'is an origin: no user before the host, and no path, ? or # after it',
  )
  .transform((url) => new URL(url).origin);

/** The database of the local payment service, on the server of the shop's. */
export const paymentServiceDatabase = 'payments';

const proxiesAtMost = 10;
const proxiesFault = `is the number of proxies in front, from 0 to ${proxiesAtMost}`;

/** The number of proxies in front whose information about a client's address is trusted. */
export const proxies = z.coerce
  .number(proxiesFault)
  .int(proxiesFault)
  .min(0, proxiesFault)
  .max(proxiesAtMost, proxiesFault);

/** The least important messages that are logged. */
export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info');

/** The address on which a program listens. Short forms such as 127.1, and a port, are none. */
export const listenHost = z
  .string()
  .transform(canonicalHost)
  .refine(isHost, 'is an IP address without brackets, or a host name, and has no port (PORT)')
  .default('127.0.0.1');

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  return (
    /^[\w.-]+$/.test(text) && URL.canParse(`http://${text}`) && new URL(`http://${text}`).hostname === text
  );
}

/**
 * The first setting by which others than this machine may reach a program: the address on which it listens, or a name of it.
 * @param given the settings as they were given
 * @param names of those settings that are origins
 * @returns the setting as `NAME=value`, undefined when there is none
 */
export function reachableBeyond(
  given: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): string | undefined {
  const host = canonicalHost(given['HOST'] ?? '127.0.0.1');
  if (!isLoopback(host.includes(':') ? `[${host}]` : host)) return `HOST=${host}`;
  return names.flatMap((name) => {
    const url = urlOf(given[name]);
    return url === undefined || isLoopback(url.hostname) ? [] : [`${name}=${url.origin}`];
  })[0];
}

/** A host in the form that it has in a URL, without brackets. */
function canonicalHost(host: string): string {
  return isIP(host) === 6 ? (urlOf(`http://[${host}]`)?.hostname.slice(1, -1) ?? host) : host.toLowerCase();
}

/** The URL in a text; undefined when it is none. */
export function urlOf(text: string | undefined): URL | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a key of the payment provider moves real money: that of an account, restricted or not, or of an organization. */
export function isLiveKey(key: string): boolean {
  return /[sr]k_(org_)?live_/i.test(key);
}

/** The address of a Postgres in any form that libpq reads; the value has one form. The files that it names can be read. */
export const postgresAddress = z.string().transform((text, context) => {
  const address = readPostgresAddress(text);
  const fault = 'url' in address ? unreadableFile(new URL(address.url)) : address.fault;
  if ('url' in address && fault === undefined) return address.url;
  context.addIssue({ code: 'custom', message: fault });
  return z.NEVER;
});

function unreadableFile({ searchParams }: URL): string | undefined {
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const file = searchParams.get(name);
    try {
      if (file !== null) accessSync(file, constants.R_OK);
    } catch (error) {
      return `has ${name}=${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
  }
  return undefined;
}

/**
 * The origin at which this machine reaches a server that listens on an address.
 * @param usualName the name to prefer where it leads to the server
 */
export function originOf(host: string, port: number, usualName?: string): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const isUsual = ['127.0.0.1', '::1'].includes(reachable);
  const name = isUsual && usualName !== undefined ? usualName : reachable;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
