import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutants } from '../mutants/list.ts';
import { countMatches } from '../mutants/mutant.ts';

// `npm run test:mutants` takes minutes. This test checks that its list still matches the sources and the tests.

const root = fileURLToPath(new URL('../..', import.meta.url));

test('no two mutants have the same name', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_name, mutant) => {
  expect(await countMatches(root, mutant), `matches in ${mutant.file}`).toBe(1);
  expect(mutant.to).not.toBe(mutant.from);
  const { file, name } = mutant.test;
  const tests = await readFile(path.join(root, file), 'utf8');
  expect(tests.includes(name), `a test "${name}" in ${file}`).toBe(true);
});
