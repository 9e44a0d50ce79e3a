import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { problemTypes } from '../../src/http/errors.ts';

test('docs/ERRORS.md and the code list the same errors', async () => {
  const text = await readFile(new URL('../../docs/ERRORS.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(Object.entries(problemTypes).map(([code, { status }]) => [code, status])),
  );
});
