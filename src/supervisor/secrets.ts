import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What a demonstration makes up for itself, because nobody set it. */
export interface KeptSecrets {
  /** The shop and the local payment service know these about each other, and nobody else does. */
  readonly secretKey: string;
  readonly webhookSecret: string;
  /** Signs the shopper's cookie. */
  readonly cookieSecret: string;
}

/**
 * The secrets of a demonstration: made at the first call and kept in `folder`, readable by us alone. They must last, because
 * sessions, events and carts that are under way were signed with them.
 */
export async function keptSecrets(folder: string): Promise<KeptSecrets> {
  const file = path.join(folder, 'secrets.json');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as KeptSecrets;
  const secrets = {
    secretKey: `sk_test_${randomHex()}`,
    webhookSecret: `whsec_${randomHex()}`,
    cookieSecret: randomHex(),
  };
  const draft = `${file}.draft`;
  await writeFile(draft, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return secrets;
}

function randomHex(): string {
  return randomBytes(24).toString('hex');
}
