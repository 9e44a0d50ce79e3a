/// <reference lib="dom" />
import type { Locator, Page } from 'playwright-core';

const stopsAtMost = 60;

/** The focused element: its name, and the fault of its focus ring. */
interface Stop {
  readonly name: string;
  readonly faults: readonly string[];
}

/**
 * Presses Tab until something has the focus.
 * @returns the names of the stops on the way there, its own last
 * @throws when a stop cannot be seen to have the focus, or when there are too many
 */
export async function tabTo(page: Page, target: Locator): Promise<string[]> {
  const names: string[] = [];
  for (let count = 0; count < stopsAtMost; count += 1) {
    await page.keyboard.press('Tab');
    const { name, faults } = await currentStop(page);
    names.push(name);
    if (faults.length > 0) throw new Error(`“${name}” has the focus, but ${faults.join(', ')}.`);
    if (await hasFocus(target)) return names;
  }
  throw new Error(`Tab does not lead there; it leads to ${names.join(', ')}.`);
}

/** Whether exactly this has the focus. */
export function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement);
}

/** The focused element. It must be inside the viewport, uncovered, and have an outline. */
export function currentStop(page: Page): Promise<Stop> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    // Behind the last stop the browser has the focus, and then the first one.
    if (element === document.body) return { name: 'the end of the page', faults: [] };
    const labels = 'labels' in element ? [...(element.labels as Iterable<Element>)] : [];
    const text = element.getAttribute('aria-label') ?? (labels[0] ?? element).textContent;
    const { left, top, width, height } = element.getBoundingClientRect();
    const on = document.elementFromPoint(left + width / 2, top + height / 2);
    // The card of a product shows the focus of its link by its own outline.
    const isOutlined = [undefined, '::after'].some((part) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element, part);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
    });
    const isOnTop = on !== null && (element.contains(on) || on.contains(element));
    return {
      name: text.replaceAll(/\s+/g, ' ').trim(),
      faults: [
        ...(isOutlined ? [] : ['nothing shows it']),
        ...(isOnTop ? [] : ['it is outside of what one sees, or under something']),
      ],
    };
  });
}

/** How a shopper works a page: with the mouse or a finger, or by keyboard alone. */
export interface Hands {
  /** Presses a link or a button. */
  press(target: Locator): Promise<void>;
  /** Replaces the text of a field. */
  type(field: Locator, text: string): Promise<void>;
  /** Chooses an entry of a list by its text. */
  choose(list: Locator, entry: string): Promise<void>;
  /** Chooses one of some radio buttons, one of which is chosen already. */
  check(radio: Locator): Promise<void>;
}

/** Points at things; a touch screen is tapped. */
export function pointer(isTouch: boolean): Hands {
  return {
    press: (target) => (isTouch ? target.tap() : target.click()),
    type: (field, text) => field.fill(text),
    choose: async (list, entry) => {
      await list.selectOption({ label: entry });
    },
    check: (radio) => radio.check(),
  };
}

/** Reaches everything by Tab, and so checks on the way that each stop can be seen. */
export function keyboardOf(page: Page): Hands {
  return {
    press: async (target) => {
      // It may come with the next page.
      await target.waitFor();
      await tabTo(page, target);
      await page.keyboard.press('Enter');
    },
    type: async (field, text) => {
      await tabTo(page, field);
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type(text);
    },
    choose: async (list, entry) => {
      await tabTo(page, list);
      await page.keyboard.type(entry);
    },
    check: async (radio) => {
      const name = await radio.getAttribute('name');
      await tabTo(page, page.locator(`input[type=radio][name="${name}"]:checked`));
      for (let count = 0; count < stopsAtMost && !(await hasFocus(radio)); count += 1) {
        await page.keyboard.press('ArrowDown');
      }
    },
  };
}
