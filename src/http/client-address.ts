import { isIPv6 } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';

const bitsOfNetwork = 64;
// Some proxies add the port of the connection, which is another one each time.
const withPort = /^(?:\[([^\]]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/;

/**
 * The address under which every limit counts a client, and under which logs name it.
 * @param ip the address of a request as Fastify has it. Behind a proxy it may be any text; of a client that has gone there is none
 * @returns an IPv4 address as it is, also one that was written as an IPv6 address; the network (`…/64`) of an IPv6 address, because
 *   whoever has one address of it has all of them; any other text in lower case
 */
export function clientAddressOf(ip: string | undefined = ''): string {
  const [, v6, v4] = withPort.exec(ip) ?? [];
  const address = normalizeIP(v6 ?? v4 ?? ip, bitsOfNetwork);
  return isIPv6(address) ? `${address}/${bitsOfNetwork}` : address;
}
