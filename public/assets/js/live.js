import { cameFromShop, report } from './banner.js';
import { morph } from './morph.js';
import { pause } from './pause.js';
import { showLocalTimes } from './times.js';

const lookEveryMs = 1000;
// A second look comes soon, so that trouble shows within about a second and one lost packet does not.
const lookAgainMs = 250;
const answerWithinMs = 4000;

/** Refreshes the live parts each second, and says so when the shop is away. A page without any still looks. */
export async function watch() {
  let failures = 0;
  for (;;) {
    await pause(failures === 1 ? lookAgainMs : lookEveryMs);
    await shown();
    failures = (await look()) ? 0 : failures + 1;
    if (failures !== 1) report('live', failures === 0);
  }
}

function shown() {
  if (!document.hidden) return undefined;
  return new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

async function look() {
  const parts = [...document.querySelectorAll('[data-live]:not([data-final])')];
  if (parts.length === 0) return cameFromShop(await ask('/healthz'));
  const answers = await Promise.all(parts.map(refresh));
  return answers.every(Boolean);
}

async function refresh(part) {
  const answer = await ask(part.dataset.live);
  if (!answer?.ok) return cameFromShop(answer);
  const html = await answer.text().catch(() => undefined);
  if (html === undefined) return false;
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  if (!fresh) return true;
  morph(part, fresh);
  if (part.dataset.title) document.title = part.dataset.title;
  showLocalTimes(part);
  return true;
}

function ask(url) {
  const signal = AbortSignal.timeout(answerWithinMs);
  return fetch(url, { cache: 'no-store', signal }).catch(() => undefined);
}
