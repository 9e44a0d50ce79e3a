/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawn } from '../support/drawn.ts';
import { type PageFixture, preparePages, settingsToLook } from '../support/page-fixture.ts';
import { allLooks, axeSource, faultsByAxe, inspect, looksOf, wcag } from '../support/page-inspection.ts';
import { nameOf, openState, pageStates, readTitle } from '../support/page-states.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { connectBrowser } from '../support/visit.ts';

// Every page in every state has no accessibility fault: a sixth of the states is drawn, each in one of the looks;
// with TEST_CASES=all every state is looked at light and dark, wide and narrow.

let shop: TestShop;
let browser: Browser;
let fixture: PageFixture;

beforeAll(async () => {
  browser = await connectBrowser();
  shop = await startTestShop(settingsToLook);
  fixture = await preparePages(shop);
  places = Array.from({ length: pagesAtOnce }, openPage);
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

const inspected = drawn(
  pageStates.map((state) => [nameOf(state), state] as const),
  1 / 6,
);

// As many as there are processors to paint them.
const pagesAtOnce = 2;
let places: Promise<Page>[];
let turn = 0;

/** Opens a page that loads axe with every address: loading it afterwards takes as long as the inspection. */
async function openPage(): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  await context.addInitScript(await axeSource);
  return context.newPage();
}

/** Uses one of the pages when it is free, without cookies and without anything of its last use. */
async function inPage<Result>(use: (page: Page) => Promise<Result>): Promise<Result> {
  turn = (turn + 1) % pagesAtOnce;
  const place = places[turn] ?? openPage();
  const mine = place.then(async (page) => {
    await page.unrouteAll();
    await page.context().clearCookies();
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    return use(page);
  });
  places[turn] = mine.then(
    () => place,
    () => place,
  );
  return mine;
}

describe.concurrent('an accessible page', () => {
  test.each(inspected)('%s', async (name, state) => {
    const faults = await inPage(async (page) => {
      await openState(page, state, fixture);
      return inspect(page, looksOf(name));
    });
    expect(faults).toEqual([]);
  });

  test('a message', async () => {
    const answer = await fetch(`${shop.shopUrl}/outbox`, { headers: { accept: 'application/json' } });
    const messages = (await answer.json()) as { html: string }[];
    const faults = await inPage(async (page) => {
      // The Content-Security-Policy of the page before would stay.
      await page.goto('about:blank');
      await page.setContent(messages[0]?.html ?? '');
      const light = await faultsByAxe(page, wcag);
      await page.emulateMedia({ colorScheme: 'dark' });
      return [...light, ...(await faultsByAxe(page, wcag))];
    });
    expect(faults).toEqual([]);
  });
});

test('no two pages have the same title', async () => {
  const pagesOf = new Map<string, Set<string>>();
  for (const state of pageStates.filter(({ act }) => act === undefined)) {
    const title = await readTitle(state, fixture);
    pagesOf.set(title, (pagesOf.get(title) ?? new Set()).add(state.page));
  }
  expect([...pagesOf].filter(([, pages]) => pages.size > 1)).toEqual([]);
});

test('every check reports a page that was spoiled in every way', async () => {
  const faults = await inPage(async (page) => {
    await page.goto(shop.shopUrl);
    await page.evaluate(({ html, css }) => {
      document.querySelector('main')?.insertAdjacentHTML('beforeend', html);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets.push(sheet);
    }, spoiling);
    return inspect(page, allLooks);
  });
  for (const fault of faultsOfSpoiling) expect(faults.join('\n')).toMatch(fault);
});

const spoiling = {
  html: `<h4>Below no other</h4><h1>Not the first</h1><main></main><input name="nameless"><img src="/assets/favicon.svg">
    <p style="color: red">Of its own style</p><p><a href="/a">a</a> <a href="/b">b</a></p>
    <p class="pale">Pale</p><p class="unclear">Pale, and on whatever there is</p><p class="moving">Moving</p>
    <p class="primary">One</p><p class="primary">Two</p><p class="narrow">Marlinspike</p>
    <p class="wide">Wide</p><p class="growing">Growing</p><p class="cut">Some words that are cut off</p>`,
  css: `
    .pale, .unclear { color: rgb(190, 190, 190); }
    .unclear { position: relative; }
    .unclear::before { position: absolute; inset: 0; z-index: -1; background: white; content: ""; }
    @layer tokens { .moving { animation: go 9s infinite !important; } }
    @keyframes go { to { opacity: 0.5; } }
    .narrow { width: 2rem; }
    .wide { width: 400px; }
    @media (min-width: 1000px) { .growing { width: 70rem; } }
    .cut { overflow: hidden; width: 20rem; height: 24px; white-space: nowrap; }
    .brand:focus-visible { outline: none; }
    nav::before { position: fixed; inset: 0 0 auto; height: 60px; z-index: 9; background: red; content: ""; }`,
};

const faultsOfSpoiling = [
  /^It has no main landmark, or several/m,
  /^It has no first heading, or several/m,
  /^It skips a level of headings/m,
  /^It has several primary actions/m,
  /^No text for the picture <img src/m,
  /^A style of its own: <p style/m,
  /^light, 1280 px: label: <input name="nameless">/m,
  /^light, 1280 px: color-contrast: <p class="pale">/m,
  /^light, 1280 px: color-contrast, undecided: <p class="unclear">/m,
  /^dark, 320 px: target-size: /m,
  /^dark, 320 px: A target of .* <a href="\/a">/m,
  /^dark, 320 px: It scrolls sideways/m,
  /^dark, 320 px: A broken word: Marlinspike/m,
  /^light, 320 px: Something moves/m,
  /^with letters twice as large: It scrolls sideways/m,
  /^with letters twice as large: Cut off: <p class="cut">/m,
  /^No focus is seen on <a class="brand"/m,
  /^Something lies over what has the focus: <a href/m,
];
