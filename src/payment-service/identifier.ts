import { randomBytes } from 'node:crypto';

type Prefix = 'cs_test' | 'pi' | 'ch' | 'evt' | 'req';

/** A new identifier in Stripe's manner; nobody can guess it, so whoever knows a session's may pay it. */
export function newIdentifier(prefix: Prefix): string {
  return `${prefix}_${randomBytes(24).toString('hex')}`;
}

/** Whether the text can be a session's identifier at all; what cannot is unknown without asking the database. */
export function isSessionId(text: string): boolean {
  return /^cs_test_[0-9a-f]{48}$/.test(text);
}
