import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { sendText } from '../pages.ts';

export interface SecurityTxtOptions {
  /** `mailto:` or `https:`. */
  readonly contact: string;
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
}

const path = '/.well-known/security.txt';
const dayMs = 86_400_000;
// RFC 9116 recommends less than a year.
const daysValid = 180;

/** `/.well-known/security.txt` (RFC 9116): where to report a vulnerability. */
export const securityTxtRoutes: FastifyPluginAsyncZod<SecurityTxtOptions> = async (
  server,
  { contact, publicUrl },
) => {
  server.get(path, async (_request, reply) => {
    // Changes once a day, so that caches stay useful.
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    const fields = [
      `Contact: ${contact}`,
      `Expires: ${new Date(today + daysValid * dayMs).toISOString()}`,
      'Preferred-Languages: en',
      `Canonical: ${publicUrl}${path}`,
    ];
    reply.header('cache-control', 'public, max-age=86400');
    return sendText(reply, 'text/plain', `${fields.join('\n')}\n`);
  });
};
