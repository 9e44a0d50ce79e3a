import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startPostgres } from '../../src/supervisor/postgres.ts';
import { chromiumOptions } from '../support/chromium.ts';
import { openInspector } from '../support/inspector.ts';
import { makeDataDir, startAsNpmStartDoes } from '../support/npm-start.ts';
import { type PageFixture, preparePages, settingsToLook } from '../support/page-fixture.ts';
import { nameOf, openState, type PageState, pageStates } from '../support/page-states.ts';

const folder = fileURLToPath(new URL('../../screenshots', import.meta.url));

const wide = { width: 1280, height: 900 };
const shots = [
  { name: 'light', scheme: 'light', size: wide },
  { name: 'dark', scheme: 'dark', size: wide },
  { name: 'phone', scheme: 'light', size: { width: 390, height: 844 } },
] as const;

/**
 * Writes a picture of every page in every state to `screenshots/`, in light, in dark and on a phone. Words after the command choose
 * the states whose names begin so. The shop is one of its own, started as `npm start` does, and ended.
 */
async function main(chosen: readonly string[]): Promise<void> {
  const dataDir = await makeDataDir();
  const started = await startAsNpmStartDoes({ ...settingsToLook, DATA_DIR: dataDir });
  const postgres = await startPostgres({ dataDir: path.join(dataDir, 'postgres') });
  const database = openInspector(postgres.urlOf('holdfast'), 2);
  const browser = await chromium.launch(await chromiumOptions());
  try {
    const fixture = await preparePages({ ...started, database });
    if (chosen.length === 0) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const isChosen = (state: PageState) => chosen.some((name) => nameOf(state).startsWith(name));
    for (const state of pageStates.filter((state) => chosen.length === 0 || isChosen(state))) {
      await shoot(browser, state, fixture);
    }
  } finally {
    await browser.close();
    await database.destroy();
    await started.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function shoot(browser: Browser, state: PageState, fixture: PageFixture): Promise<void> {
  const context = await browser.newContext({ viewport: wide, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await openState(page, state, fixture);
  for (const { name, scheme, size } of shots) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize(size);
    await picture(page, `${nameOf(state)}-${name}.png`);
  }
  await context.close();
}

async function picture(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: path.join(folder, file), fullPage: true });
  process.stdout.write(`${path.join(path.basename(folder), file)}\n`);
}

await main(process.argv.slice(2));
