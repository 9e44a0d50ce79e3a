import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launchChromium, msToFindChromium } from './chromium.ts';
import { type StartedShop, startAsNpmStartDoes } from './npm-start.ts';
import { enter, type Shopper } from './shopper-in-browser.ts';

/** What the tests of one file are given: a shop for all of them, and a shopper for each. */
export interface Visit {
  readonly shop: StartedShop;
  /** The one of the running test. */
  readonly shopper: Shopper;
  /** Puts a shopper with other settings in place of the one that every test begins with. */
  enter(options: BrowserContextOptions): Promise<void>;
  /** Another shopper beside the first, in a browser of its own. */
  another(): Promise<Shopper>;
}

/**
 * Starts everything that `npm start` runs, once for the file that calls this. A shopper without cookies enters before each
 * test, and none may have met an error of a page when it ends.
 */
export function visitShop(settings: Readonly<Record<string, string>>): Visit {
  let browser: Browser;
  let shop: StartedShop;
  let shoppers: Shopper[] = [];

  const add = async (options?: BrowserContextOptions): Promise<Shopper> => {
    const shopper = await enter(browser, shop, options);
    shoppers.push(shopper);
    return shopper;
  };
  const leave = async (): Promise<void> => {
    const all = shoppers;
    shoppers = [];
    await Promise.all(all.map(({ context }) => context.close()));
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([]);
  };

  beforeAll(async () => {
    browser = await launchChromium();
    shop = await startAsNpmStartDoes(settings);
  }, msToFindChromium);
  afterAll(async () => {
    await browser?.close();
    await shop?.stop();
  });
  beforeEach(async () => {
    await add();
  });
  afterEach(leave);

  return {
    get shop() {
      return shop;
    },
    get shopper() {
      const [first] = shoppers;
      if (!first) throw new Error('A shopper enters with the test, and not before.');
      return first;
    },
    enter: async (options) => {
      await leave();
      await add(options);
    },
    another: () => add(),
  };
}
