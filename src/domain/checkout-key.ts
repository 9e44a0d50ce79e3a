import { createHash } from 'node:crypto';
import { isIrregular } from '../shared/guessable.ts';

/** The accepted checkout keys: any, or those that no other client can use first. */
export type KeyRule = 'any' | 'unguessable';

// Words, dates and numbers that somebody put together, as in `order-2026-11-27-0042`.
const part = String.raw`(?:[a-z]+\d{0,8}|\d{1,14})`;
const partsOfANote = new RegExp(String.raw`^(?:${part}[._-]+)+${part}?$`);
// A random one has such parts once in 100,000 times.
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Whether nobody can guess a checkout key: it is irregular, and no words and dates in a row, but for a UUID. Whether a single long word is
 * random cannot be seen.
 */
export function isUnguessable(key: string): boolean {
  const isNote = !uuid.test(key) && partsOfANote.test(inSmallLetters(key));
  return !isNote && isIrregular(key);
}

/** A text in capitals, or with one at its beginning, in small letters. Capitals in other places are those of a random key. */
function inSmallLetters(text: string): string {
  const small = text.toLowerCase();
  return text === text.toUpperCase() || text.slice(1) === small.slice(1) ? small : text;
}

/**
 * The key under which the order of a client is stored. Under the rule `unguessable`, the key of a browser counts for that browser
 * alone: another client with the same key gets an order of its own. A key without a browser is for everybody, so it must be
 * irregular.
 * @param browserId the id in the client's cookie; null without one
 * @returns null for a key that is not accepted
 */
export function storedKeyOf(rule: KeyRule, key: string, browserId: string | null): string | null {
  if (rule === 'any') return key;
  if (browserId !== null) return createHash('sha256').update(`${browserId} ${key}`).digest('base64url');
  return isUnguessable(key) ? key : null;
}
