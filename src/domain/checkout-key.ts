import { createHash } from 'node:crypto';
import { isIrregular } from '../shared/guessable.ts';

/** The accepted checkout keys: any, or those that no other client can use first. */
export type KeyRule = 'any' | 'unguessable';

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
  return isIrregular(key) ? key : null;
}
