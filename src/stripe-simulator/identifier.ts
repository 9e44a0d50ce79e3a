import { randomBytes } from 'node:crypto';

type Prefix = 'cs_test' | 'pi' | 'ch' | 're' | 'dp' | 'evt' | 'req';

/** A new identifier in Stripe's manner; nobody can guess it, so whoever knows a session's may pay it. */
export function newIdentifier(prefix: Prefix): string {
  return `${prefix}_${randomBytes(24).toString('hex')}`;
}

/** Whether the text can be an identifier at all; what cannot is unknown without asking the database. */
export function isIdentifier(text: string): boolean {
  return /^\w{1,255}$/.test(text);
}
