import { refresh, shown } from './ask.js';
import { report } from './banner.js';
import { pause } from './pause.js';
import { show } from './show.js';

const firstLookMs = 250;
const lookEveryMs = 2000;
const lookAwayMs = 1000;
const looksBeforeStream = 10;

/**
 * Keeps a part of the page as the shop tells it, by server-sent events: each is the whole part, so nothing can be missed.
 * The stream is open only while somebody looks, because a browser has few connections to one host. Where the shop refuses
 * it, the part is fetched now and then instead.
 */
export function follow(part, onShown) {
  let source;
  let looking = false;
  let failures = 0;
  const isFinal = () => 'final' in part.dataset;

  const close = () => {
    source?.close();
    source = undefined;
  };
  const open = () => {
    if (source || looking || document.hidden || isFinal()) return;
    source = new EventSource(part.dataset.events);
    source.addEventListener('open', () => {
      failures = 0;
      report('events', true);
    });
    source.addEventListener('order', ({ data }) => {
      show(part, data);
      onShown();
      if (isFinal()) close();
    });
    source.addEventListener('error', failed);
  };
  const failed = () => {
    if (source?.readyState === EventSource.CLOSED) {
      close();
      void lookInstead();
      return;
    }
    // The browser connects again by itself. One failure is a connection that was ended, two are a shop that is away.
    failures += 1;
    if (failures > 1) report('events', false);
  };
  const lookInstead = async () => {
    looking = true;
    let waitMs = firstLookMs;
    for (let looks = 0; looks < looksBeforeStream && !isFinal(); looks += 1) {
      await pause(waitMs);
      await shown();
      const reached = await refresh(part, part.dataset.fragment);
      report('events', reached);
      if (reached) onShown();
      // Back again: then the stream may be as well.
      if (reached && waitMs === lookAwayMs) break;
      waitMs = reached ? lookEveryMs : lookAwayMs;
      if (!reached) looks = 0;
    }
    looking = false;
    open();
  };

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else open();
  });
  open();
}
