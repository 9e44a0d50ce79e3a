import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { settingNames } from '../../src/config.ts';

async function namesIn(file: string, pattern: RegExp): Promise<string[]> {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
  return [...text.matchAll(pattern)].map(([, name]) => name ?? '').toSorted();
}

test('README’s table and .env.example list the settings that there are', async () => {
  const names = settingNames.toSorted();
  expect(await namesIn('README.md', /^\| `([A-Z_]+)` \|/gm)).toEqual(names);
  expect(await namesIn('.env.example', /^#? ?([A-Z_]+)=/gm)).toEqual(names);
});
