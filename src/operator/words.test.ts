import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attentionCodes } from '../domain/attention.ts';
import { refundReasonWords } from '../storefront/email-words.ts';

const migrations = new URL('../../migrations/', import.meta.url);

/** The values that the `check` of a column allows, in the migration that wrote it last. */
function allowedValues(table: string, column: string): string[] {
  const pattern = new RegExp(`(?:create|alter) table ${table}\\b[^;]*?${column} in \\(([^)]*)\\)`);
  const checks = readdirSync(migrations)
    .toSorted()
    .flatMap((file) => pattern.exec(readFileSync(new URL(file, migrations), 'utf8'))?.[1] ?? []);
  return [...(checks.at(-1) ?? '').matchAll(/'(\w+)'/g)].map(([, value]) => value ?? '');
}

test('the database stores the reason of an attention item as one of the codes that have a sentence', () => {
  const stored = allowedValues('attention', 'reason');
  expect(stored.toSorted()).toEqual([...attentionCodes].toSorted());
});

test('the database stores the reason of a refund as one of the codes that have words', () => {
  const stored = allowedValues('refunds', 'reason');
  expect(stored.toSorted()).toEqual(['operator', ...Object.keys(refundReasonWords)].toSorted());
});
