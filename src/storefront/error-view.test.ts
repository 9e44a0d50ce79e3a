import { expect, test } from 'vitest';
import { aFrame } from '../../test/support/storefront-samples.ts';
import { errorView } from './error-view.ts';
import { createRenderer } from './render.ts';
import { errorWords } from './words.ts';

const renderer = createRenderer({ cache: false, assetAddress: (file) => file });
const codes = Object.keys(errorWords) as (keyof typeof errorWords)[];

test.each(codes)('the page of %s has its own words and nothing of the problem’s', async (code) => {
  const problem = { code, title: 'a title for programs', detail: 'qty: expected number to be >=1' };
  const page = await renderer.render('error', { frame: aFrame(), error: errorView(problem) });
  const { title, message } = errorWords[code];
  expect(page).toContain(`<h1>${title}</h1>`);
  expect(page).toContain(message);
  for (const internal of [problem.title, problem.detail, code]) expect(page).not.toContain(internal);
});

test('no two pages have the same heading', () => {
  expect(new Set(codes.map((code) => errorWords[code].title)).size).toBe(codes.length);
});
