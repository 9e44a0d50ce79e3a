import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Identifies a shopper's browser by its signed cookie, which contains a random id and nothing else. */
export interface Browsers {
  /** The id of the browser; null without a cookie, or with a forged one. */
  of(request: FastifyRequest): string | null;
  /** The same, and extends the cookie. Every page calls it. */
  seen(request: FastifyRequest, reply: FastifyReply): string | null;
  /** The same, but gives a browser without an id a new one. */
  ensure(request: FastifyRequest, reply: FastifyReply): string;
  /** Removes the cookie. @returns the id that it had */
  forget(request: FastifyRequest, reply: FastifyReply): string | null;
}

const bytesOfId = 16;
const idPattern = /^[A-Za-z0-9_-]{22}$/;
const secondsToKeep = 180 * 86_400;

/** @param secure the shop has https: then no other host, and no plain connection, can set or read the cookie */
export function signedBrowsers({ secure }: { readonly secure: boolean }): Browsers {
  const name = secure ? '__Host-browser' : 'browser';
  const of = (request: FastifyRequest): string | null => {
    const cookie = request.cookies[name];
    const { valid, value } = cookie ? request.unsignCookie(cookie) : { valid: false, value: null };
    return valid && value !== null && idPattern.test(value) ? value : null;
  };
  const settings = { signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
  // Set again each time, so that the cookie lasts from the last page on and a new secret replaces the old signature.
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
    forget: (request, reply) => {
      reply.clearCookie(name, { ...settings, signed: false });
      return of(request);
    },
  };
}
