import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Knows a shopper's browser by its signed cookie, which holds a random id and nothing else. */
export interface Browsers {
  /** The id of the browser that asks; null for one without a cookie of ours, or with one that was tampered with. */
  of(request: FastifyRequest): string | null;
  /** The same, and keeps the browser known for as long again. For every page that is opened. */
  seen(request: FastifyRequest, reply: FastifyReply): string | null;
  /** The same, and an id of its own for a browser that has none yet. */
  ensure(request: FastifyRequest, reply: FastifyReply): string;
}

const bytesOfId = 16;
const idPattern = /^[A-Za-z0-9_-]{22}$/;
const secondsToKeep = 180 * 86_400;

/** @param secure the shop is reached by https: then no other host, and no plain connection, can set or see the cookie */
export function signedBrowsers({ secure }: { readonly secure: boolean }): Browsers {
  const name = secure ? '__Host-browser' : 'browser';
  const of = (request: FastifyRequest): string | null => {
    const cookie = request.cookies[name];
    const { valid, value } = cookie ? request.unsignCookie(cookie) : { valid: false, value: null };
    return valid && value !== null && idPattern.test(value) ? value : null;
  };
  const settings = { signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
  // Set again each time: it lasts from the last page on, and a new secret signs what an old one had.
  const set = (reply: FastifyReply, id: string): string => {
    reply.setCookie(name, id, { ...settings, maxAge: secondsToKeep });
    return id;
  };
  return {
    of,
    seen: (request, reply) => {
      const id = of(request);
      return id === null ? null : set(reply, id);
    },
    ensure: (request, reply) => set(reply, of(request) ?? randomBytes(bytesOfId).toString('base64url')),
  };
}
