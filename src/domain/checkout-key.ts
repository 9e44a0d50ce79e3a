import { createHash } from 'node:crypto';

/** The accepted checkout keys: any, or those that no other client can use first. */
export type KeyRule = 'any' | 'unguessable';

const shortestKey = 16;
// A random key of 16 digits has fewer once in 50,000 times, and a UUID never.
const fewestTurns = 9;

/**
 * Whether nobody can guess a checkout key: it has at least 16 characters, and they are no word that repeats, no row of digits and no
 * number behind a name. Those take the same turns again and again: a turn is the way from one character to the next two.
 */
export function isUnguessable(key: string): boolean {
  const codes = Array.from(key, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const turns = steps.slice(1).map((step, index) => `${steps[index]} ${step}`);
  return key.length >= shortestKey && new Set(turns).size >= fewestTurns;
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
