/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, NodeResult, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { numberOf, runsAll } from './drawn.ts';
import {
  contrastOf,
  faultOfFocus,
  faultsOfBrokenWords,
  faultsOfCutText,
  faultsOfRoom,
  faultsOfStructure,
  faultsOfTargets,
} from './page-faults.ts';

// Accessibility faults of a page, as a list of messages: for people with low vision, a tremor, or no mouse.

declare const axe: { run(options: RunOptions): Promise<AxeResults> };

/** The script of axe. */
export const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The conditions under which a page is checked. */
export const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const pageStandards = [...wcag, 'best-practice'];

interface Look {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
}

/** The looks of a page. */
export const allLooks: readonly Look[] = [
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 320 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 320 },
];

/** The looks at which a state is inspected: one of them, drawn for each state, or with TEST_CASES=all all. */
export function looksOf(state: string): readonly Look[] {
  const chosen = numberOf(['look', state]) % allLooks.length;
  return runsAll ? allLooks : allLooks.slice(chosen, chosen + 1);
}

const height = 900;

/** Lists all faults of a loaded page at these looks. The page stays as it was, but for its focus. */
export async function inspect(page: Page, looks: readonly Look[]): Promise<string[]> {
  const faults = await page.evaluate(faultsOfStructure);
  for (const { scheme, width } of looks) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    // Further down, the head of the page lies over targets that can be scrolled to.
    await page.evaluate(() => window.scrollTo(0, 0));
    const found = [
      ...(await faultsByAxe(page)),
      ...(await page.evaluate(faultsOfRoom)),
      ...(await page.evaluate(faultsOfBrokenWords)),
      ...(await page.evaluate(faultsOfTargets)),
    ];
    faults.push(...found.map((fault) => `${scheme}, ${width} px: ${fault}`));
  }
  await page.setViewportSize({ width: 1280, height });
  return [...faults, ...(await faultsOfLargeText(page)), ...(await faultsOfFocus(page))];
}

/** The findings of axe on the page as it is now. An undecided check is a fault, too. */
export async function faultsByAxe(page: Page, standards: string[] = pageStandards): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await axeSource);
  const { violations, incomplete } = await page.evaluate((options) => axe.run(options), {
    runOnly: { type: 'tag', values: standards },
    // A message in an iframe is a page of another kind, and is checked alone.
    iframes: false,
    rules: { 'target-size': { enabled: true }, 'frame-tested': { enabled: false } },
    resultTypes: ['violations', 'incomplete'],
  } satisfies RunOptions);
  const faults = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
  for (const { id, nodes } of incomplete) {
    for (const node of nodes) {
      if (!(await isSettled(page, id, node)))
        faults.push(`${id}, undecided: ${node.html} ${messageOf(node)}`);
    }
  }
  return faults;
}

const contrastAtLeast = 4.5;

/** Axe decides no contrast where something else is near; the colours that are painted do. */
async function isSettled(page: Page, rule: string, { target }: NodeResult): Promise<boolean> {
  if (rule !== 'color-contrast') return false;
  return (await page.evaluate(contrastOf, String(target[0]))) >= contrastAtLeast;
}

function messageOf({ any, all, none }: NodeResult): string {
  return [...any, ...all, ...none].map(({ message }) => message).join(' ');
}

/** Letters twice as large, as a person sets them in the browser, neither make it scroll sideways nor are cut off. */
async function faultsOfLargeText(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setFontSizes', { fontSizes: { standard: 32 } });
  const faults = [...(await page.evaluate(faultsOfRoom)), ...(await page.evaluate(faultsOfCutText))];
  await session.send('Page.setFontSizes', { fontSizes: { standard: 16 } });
  await session.detach();
  return faults.map((fault) => `with letters twice as large: ${fault}`);
}

const stops = 5;

/** The first stops of the Tab key are seen where they are. A page may have fewer. */
async function faultsOfFocus(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press('Tab');
    if (stop > 0 && (await page.evaluate(() => document.activeElement === document.body))) break;
    const fault = await page.evaluate(faultOfFocus);
    if (fault !== null) faults.push(fault);
  }
  return faults;
}
