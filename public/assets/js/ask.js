import { cameFromShop } from './banner.js';
import { show } from './show.js';

const answerWithinMs = 4000;

/** Asks the shop; undefined when nothing answers. */
export function ask(url, accept = '*/*') {
  const signal = AbortSignal.timeout(answerWithinMs);
  return fetch(url, { cache: 'no-store', headers: { accept }, signal }).catch(() => undefined);
}

/** Fetches a part of the page anew, and calls `onShown` when it stands. @returns whether the shop was reached */
export async function refresh(part, url, onShown = () => {}) {
  const answer = await ask(url);
  if (!answer?.ok) return cameFromShop(answer);
  const html = await answer.text().catch(() => undefined);
  if (html === undefined) return false;
  show(part, html);
  onShown();
  return true;
}

/** Waits until somebody looks at the page. */
export function shown() {
  if (!document.hidden) return undefined;
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', resolve, { once: true });
  });
}
