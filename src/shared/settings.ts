import { z } from 'zod';
import { readPostgresAddress } from './postgres-address.ts';

// Settings that the shop and the simulator read alike.

/** An address without a path, as in `https://shop.example`. */
export const origin = z
  .url({ protocol: /^https?$/, error: 'is http:// or https:// and a host, such as https://shop.example' })
  .refine(
    (url) => !URL.canParse(url) || new URL(url).pathname === '/',
    'is an origin: no path after the host',
  )
  .transform((url) => new URL(url).origin);

/** The least important messages that are logged. */
export const logLevel = z
  .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  .default('info');

/** The address on which a program listens. */
export const listenHost = z
  .string()
  .regex(/^[\w.:-]+$/, 'is an IP address or a host name')
  .default('127.0.0.1');

/** The address of a Postgres in any form that libpq reads; the value has one form. */
export const postgresAddress = z.string().transform((text, context) => {
  const address = readPostgresAddress(text);
  if ('url' in address) return address.url;
  context.addIssue({ code: 'custom', message: address.fault });
  return z.NEVER;
});

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
