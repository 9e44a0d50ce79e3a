import { expect, test } from 'vitest';
import { isNestedTooDeeply } from './json-depth.ts';

const nested = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

test.each([
  ['nothing', ''],
  ['a number', '1'],
  ['100 levels', nested(100)],
  ['many lists beside each other', `[${Array.from({ length: 1000 }, () => '[]').join()}]`],
  ['brackets in a text', JSON.stringify(nested(1000))],
  ['brackets behind an escaped quote', JSON.stringify(`"${nested(1000)}`)],
  ['brackets behind an escaped backslash and a quote', JSON.stringify([`\\"${nested(1000)}`, '\\'])],
])('%s is not nested too deeply', (_what, json) => {
  expect(isNestedTooDeeply(json)).toBe(false);
});

test.each([
  ['101 lists', nested(101)],
  ['101 objects', nested(101, '{"a":', '}').replace('}', '1}')],
  ['lists without an end', '['.repeat(20_000)],
  ['lists behind a text that ends with a backslash', `["\\\\",${nested(101)}]`],
])('%s are nested too deeply', (_what, json) => {
  expect(isNestedTooDeeply(json)).toBe(true);
});
