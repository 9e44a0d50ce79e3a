/// <reference lib="dom" />
import { always, eventually, now } from '@antithesishq/bombadil';
import {
  type ActionTemplate,
  actions,
  extract,
  type Fingerprint,
  getFingerprint,
  weighted,
} from '@antithesishq/bombadil/browser';
import { back, forward, reload, scroll, waitOnce } from '@antithesishq/bombadil/browser/defaults/actions';
import type { Amounts } from './amounts.ts';

// The steps of the explorer, and the properties of every page that it sees. Bombadil runs this file in each page.

export {
  noConsoleErrors,
  noUncaughtExceptions,
  noUnhandledPromiseRejections,
} from '@antithesishq/bombadil/browser/defaults/properties';

declare global {
  interface Window {
    /** Of inspection.mjs. */
    exploration?: { isAsked: boolean; looks: number; faults: string[] };
  }
}

// Properties

/** False while a page comes: its parts are still missing. */
const isWhole = extract(({ document }) => document.readyState !== 'loading');

const status = extract(({ window }) => {
  const [entry] = window.performance.getEntriesByType('navigation');
  return (entry as PerformanceNavigationTiming | undefined)?.responseStatus ?? 0;
});

/** A page that says what is wrong with a form may have a status of 400 or 409. */
const explains = extract(({ document }) => document.querySelector('[role=alert], [aria-invalid]') !== null);

const isErrorPage = extract(({ document }) => document.querySelector('.trouble') !== null);

export const noErrorPage = always(
  () => !isErrorPage.current && (status.current < 400 || (status.current < 500 && explains.current)),
);

/** Links to other pages, and buttons. */
const waysOn = extract(({ document, window }) => {
  const links = [...document.querySelectorAll('a[href]')].filter(
    (link) => (link as HTMLAnchorElement).pathname !== window.location.pathname,
  );
  return [...links, ...document.querySelectorAll('button:not(:disabled)')].filter((way) =>
    way.checkVisibility(),
  ).length;
});

/**
 * The browser's own page that asks whether to send a form again. Pages are not stored, so going back to one that came by a form leads there, and
 * on to the page before. No other step does.
 */
const asksToSendAgain = extract(
  ({ document, lastAction }) =>
    document.documentURI.startsWith('chrome-error:') &&
    (lastAction === 'Back' || lastAction === 'Forward' || lastAction === 'Wait'),
);

export const noDeadEnd = always(() => !isWhole.current || asksToSendAgain.current || waysOn.current > 0);

/** The amounts of a page, as it shows them. The test compares them with the rows. */
const amounts = extract(({ document, window }): Amounts => {
  const textOf = (selector: string, root: ParentNode = document) =>
    root.querySelector(selector)?.textContent.trim() ?? '';
  const lines = [...document.querySelectorAll('.order-lines li, .review-line, .cart-line, .lines tbody tr')];
  // The first row is the sum of the lines.
  const others = [...document.querySelectorAll('.order-lines .amounts:not(.included) div:not(:first-child)')];
  const cards = [...document.querySelectorAll('.product')];
  return {
    path: window.location.pathname,
    prices: Object.fromEntries(cards.map((card) => [textOf('.product-name', card), textOf('.price', card)])),
    lines: [
      ...others.map((row) => ({ name: textOf('dt', row), quantity: 1, sum: textOf('dd', row) })),
      ...lines.map((line) => ({
        name: textOf('.line-name, h2, .item', line),
        // In a cart, the quantity as the shop sent it; elsewhere as in "2 × $3.00".
        quantity: Number.parseInt(
          line.querySelector('input[name=qty]')?.getAttribute('value') ??
            textOf('.line-figures .muted, .detail.figures', line),
          10,
        ),
        sum: textOf('.line-figures > :last-child, .cart-line-sum, td.figures', line),
      })),
    ],
    // A cart whose order waits for payment shows no total.
    total: textOf('.total strong, .lines tfoot .sum td'),
  };
});

/** `$1,234.50` in minor units. */
function centsOf(text: string): number {
  return Number(text.replaceAll(/\D/g, '')) * (text.startsWith('-') ? -1 : 1);
}

export const amountsAddUp = always(() => {
  const { lines, total } = amounts.current;
  return (
    !isWhole.current ||
    total === '' ||
    lines.reduce((cents, { sum }) => cents + centsOf(sum), 0) === centsOf(total)
  );
});

const isUnbalanced = extract(({ document }) => document.querySelector('.balance.ended') !== null);

export const accountsBalance = always(() => !isUnbalanced.current);

const banner = extract(({ document }) => document.querySelector('#connection')?.textContent ?? '');

export const connectionReturns = always(
  now(() => banner.current !== '').implies(eventually(() => banner.current === '').within(60, 'seconds')),
);

/** The faults that axe found in the state before this one, in the same page. */
const accessibility = extract(({ document, window }) => {
  window.exploration ??= { isAsked: false, looks: 0, faults: [] };
  const { exploration } = window;
  const isInspected = document.querySelector('script[src="/explore/inspection.js"]') !== null;
  exploration.isAsked = isInspected;
  if (!isInspected && document.readyState !== 'loading' && document.contentType === 'text/html') {
    const script = document.createElement('script');
    script.type = 'module';
    script.src = '/explore/inspection.js';
    document.head.append(script);
    exploration.isAsked = true;
  }
  return { looks: exploration.looks, faults: [...exploration.faults] };
});

export const axeFindsNothing = always(() => accessibility.current.faults.length === 0);

// Steps

type Target = {
  readonly fingerprint: Fingerprint;
  readonly point: { readonly x: number; readonly y: number };
  readonly weight: number;
};

/** How often a control is used, compared with others; 0 for those that lead away, or print. The way to a payment is preferred. */
function weightOf(control: Element): number {
  if (control.matches('.primary:not([data-add] *)')) return 24;
  return control instanceof HTMLAnchorElement ? weightOfLink(control) : weightOfField(control);
}

function weightOfLink(link: HTMLAnchorElement): number {
  const { pathname, protocol } = link;
  if (!protocol.startsWith('http') || /^\/(docs|control|outbox\/)/.test(pathname)) return 0;
  if (link.id === 'cart-link') return /\d/.test(link.textContent) ? 12 : 1;
  if (link.matches('.demonstration-tools *')) return 12;
  return pathname.startsWith('/products/') ? 1 : 3;
}

function weightOfField(field: Element): number {
  if (field.matches('[data-print]')) return 0;
  // They show while their bar is open only.
  if (field.matches('.demonstration-tools *')) return 12;
  if (field.matches('#cards *, [name=q]')) return 1;
  // An empty field keeps its form from being sent.
  return field.matches('input[value=""], input:not([value])') ? 24 : 4;
}

const targets = extract(({ document, window }) => {
  const controls = document.querySelectorAll(
    'a[href], button:not(:disabled), input:not([type=hidden]), summary',
  );
  return [...controls].flatMap((control): Target[] => {
    const weight = weightOf(control);
    const { left, top, width, height } = control.getBoundingClientRect();
    const point = { x: left + width / 2, y: top + height / 2 };
    const isInView =
      point.x > 0 && point.y > 0 && point.x < window.innerWidth && point.y < window.innerHeight;
    if (weight === 0 || !isInView || !control.checkVisibility()) return [];
    const onTop = document.elementFromPoint(point.x, point.y);
    return control.contains(onTop) ? [{ fingerprint: getFingerprint(control), point, weight }] : [];
  });
});

const clicks = actions(() =>
  weighted(
    targets.current.map(({ fingerprint, point, weight }) => [weight, { Click: { fingerprint, point } }]),
  ).generate(),
);

const doubleClicks = actions(() =>
  weighted(
    targets.current.map(({ fingerprint, point, weight }) => [
      weight,
      { DoubleClick: { fingerprint, point, delayMillis: [10, 100] } },
    ]),
  ).generate(),
);

/** The field that has the focus. */
const focused = extract(({ document }) => {
  const field = document.activeElement;
  return field instanceof HTMLInputElement && field.type !== 'radio'
    ? { name: field.name, isEmpty: field.value === '' }
    : null;
});

const delayMillis: [number, number] = [0, 5];
const typed = (text: string): ActionTemplate => ({ TypeText: { text: { Regexp: text }, delayMillis } });
const anyText: ActionTemplate = { TypeText: { text: { Text: [1, 40] }, delayMillis } };
const keys = weighted([
  [1, { PressKey: { code: 8 } }],
  [1, { PressKey: { code: 9 } }],
  [2, { PressKey: { code: 13 } }],
]);

/** Text that fits a field, by its name. */
const fitting: Readonly<Record<string, ActionTemplate>> = {
  email: { TypeText: { text: 'Email', delayMillis } },
  qty: typed('[0-9]'),
  q: typed('bell|bronze|rope|x'),
  order: typed('[1-9]'),
  amount: typed('[1-9][.][0-9][0-9]'),
};

const inputs = actions(() => {
  if (focused.current === null) return [];
  const { name, isEmpty } = focused.current;
  const text = weighted([
    [9, fitting[name] ?? anyText],
    [1, anyText],
  ]);
  return weighted([
    [isEmpty ? 9 : 1, text],
    [isEmpty ? 1 : 5, keys],
  ]).generate();
});

export const steps = actions(() =>
  weighted([
    [50, clicks],
    [3, doubleClicks],
    [focused.current?.isEmpty === true ? 200 : 30, inputs],
    [3, back],
    [1, forward],
    [2, reload],
    [3, scroll],
    // Long enough for a look of axe.
    [10, waitOnce],
  ]).generate(),
);
