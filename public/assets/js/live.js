import { ask, refresh, shown } from './ask.js';
import { cameFromShop, isAway, report } from './banner.js';
import { pause } from './pause.js';

const lookEveryMs = 1000;
// A second look comes soon, so that trouble shows within about a second and one lost packet does not.
const lookAgainMs = 250;
// A page that shows nothing live only wants to know whether the shop is there.
const turnsBetweenLooks = 5;

/** Refreshes the live parts each second, and reports when the shop is away. A page without live parts asks less often. */
export async function watch() {
  let failures = 0;
  for (let turn = 1; ; turn += 1) {
    await pause(failures === 1 ? lookAgainMs : lookEveryMs);
    await shown();
    const parts = [...document.querySelectorAll('[data-live]:not([data-final])')];
    if (parts.length === 0 && failures === 0 && !isAway() && turn % turnsBetweenLooks !== 0) continue;
    failures = (await look(parts)) ? 0 : failures + 1;
    if (failures !== 1) report('live', failures === 0);
  }
}

async function look(parts) {
  if (parts.length === 0) return cameFromShop(await ask('/healthz'));
  const answers = await Promise.all(parts.map((part) => refresh(part, part.dataset.live)));
  return answers.every(Boolean);
}
