import { createHash } from 'node:crypto';

/** The accepted checkout keys: any, or those that no other client can use first. */
export type KeyRule = 'any' | 'unguessable';

const shortestKey = 16;
// A random key of 16 digits has fewer once in 50,000 times, and a UUID never.
const fewestTurns = 9;

// Words, dates and numbers that somebody put together, as in `order-2026-11-27-0042`.
const part = String.raw`(?:[a-z]+\d{0,8}|\d{1,14})`;
const partsOfANote = new RegExp(String.raw`^(?:${part}[._-]+)+${part}?$`);
// A random one has such parts once in 100,000 times.
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Whether nobody can guess a checkout key: it has at least 16 characters, and they are no word that repeats, no row of digits and no
 * number behind a name. Those take the same turns again and again: a turn is the way from one character to the next two. They are no
 * words and dates in a row either, but for a UUID. Whether a single long word is random cannot be seen.
 */
export function isUnguessable(key: string): boolean {
  if (!uuid.test(key) && partsOfANote.test(inSmallLetters(key))) return false;
  const codes = Array.from(key, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const turns = steps.slice(1).map((step, index) => `${steps[index]} ${step}`);
  return key.length >= shortestKey && new Set(turns).size >= fewestTurns;
}

/** A text in capitals, or with one at its beginning, in small letters. Capitals in other places are those of a random key. */
function inSmallLetters(text: string): string {
  const small = text.toLowerCase();
  return text === text.toUpperCase() || text.slice(1) === small.slice(1) ? small : text;
}

/**
 * The key under which the order of a client is stored. Under the rule `unguessable`, the key of a browser counts for that browser
 * alone: another client with the same key gets an order of its own. A key without a browser is for everybody, so it must be
 * unguessable.
 * @param browserId the id in the client's cookie; null without one
 * @returns null for a key that is not accepted
 */
export function storedKeyOf(rule: KeyRule, key: string, browserId: string | null): string | null {
  if (rule === 'any') return key;
  if (browserId !== null) return createHash('sha256').update(`${browserId} ${key}`).digest('base64url');
  return isUnguessable(key) ? key : null;
}
