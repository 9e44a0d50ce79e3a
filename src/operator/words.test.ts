import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attentionCodes } from '../domain/attention.ts';
import { refundReasonWords } from '../storefront/words.ts';

/** The values that the `check` of a column allows, in the migration that wrote it last. */
function allowedValues(migration: string, table: string, column: string): string[] {
  const sql = readFileSync(new URL(`../../migrations/${migration}`, import.meta.url), 'utf8');
  const pattern = `(?:create|alter) table ${table}\\b[^;]*?${column} in \\(([^)]*)\\)`;
  return [...(new RegExp(pattern).exec(sql)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, value]) => value ?? '');
}

test('the database stores the reason of an attention item as one of the codes that have a sentence', () => {
  const stored = allowedValues('008_unknown_payments.sql', 'attention', 'reason');
  expect(stored.toSorted()).toEqual([...attentionCodes].toSorted());
});

test('the database stores the reason of a refund as one of the codes that have words', () => {
  const stored = allowedValues('003_payments_and_refunds.sql', 'refunds', 'reason');
  expect(stored.toSorted()).toEqual(['operator', ...Object.keys(refundReasonWords)].toSorted());
});
