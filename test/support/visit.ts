import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest';
import { drawn } from './drawn.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { enter, type Shopper } from './shopper-in-browser.ts';

/** Connects to the browser that all test files share. Closing it closes the contexts that were opened over this connection. */
export function connectBrowser(): Promise<Browser> {
  return chromium.connect(inject('browser'));
}

/** Whether the browser runs scripts, for what the same forms do either way. */
export const scripting = drawn([true, false], 0.5);

/** The shop of one test file, and a shopper for each test. */
export interface Visit {
  readonly shop: Fixture;
  /** The shopper of the running test. */
  readonly shopper: Shopper;
  /** Replaces the shopper by one with other settings. */
  enter(options: BrowserContextOptions): Promise<void>;
  /** Adds another shopper, in a browser context of its own. */
  another(): Promise<Shopper>;
}

/**
 * Starts a shop and its payment service as real processes, once for the file that calls this. A shopper without cookies
 * enters before each test. A test fails when one of its pages reported an error.
 */
export function visitShop(settings: Readonly<Record<string, string>>): Visit {
  let browser: Browser;
  let shop: Fixture;
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
    [browser, shop] = await Promise.all([connectBrowser(), openFixture(settings)]);
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.close();
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
