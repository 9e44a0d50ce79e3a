import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What the shop and the local payment service know about each other and nobody else does. */
export interface PaymentSecrets {
  readonly secretKey: string;
  readonly webhookSecret: string;
}

/**
 * The secrets of the local payment service: made at the first call and kept in `folder`, readable by us alone.
 * They must last, because sessions and events that are under way were signed with them.
 */
export async function keptSecrets(folder: string): Promise<PaymentSecrets> {
  const file = path.join(folder, 'payment-secrets.json');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as PaymentSecrets;
  const secrets = { secretKey: `sk_test_${randomHex()}`, webhookSecret: `whsec_${randomHex()}` };
  const draft = `${file}.draft`;
  await writeFile(draft, `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return secrets;
}

function randomHex(): string {
  return randomBytes(24).toString('hex');
}
