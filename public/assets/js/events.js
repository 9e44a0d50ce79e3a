import { refresh, shown } from './ask.js';
import { report } from './banner.js';
import { pause } from './pause.js';
import { show } from './show.js';

const firstLookMs = 250;
const lookEveryMs = 2000;
const lookAwayMs = 1000;
const looksBeforeStream = 10;
// The shop sends the part as soon as the stream is open, and a heartbeat every twenty seconds after that.
const firstMessageWithinMs = 5000;
const messageWithinMs = 50_000;

/**
 * Keeps a part of the page up to date by server-sent events. Each event is the whole part, so none can be missed.
 * The stream is open only while somebody looks, because a browser has few connections to one host. A stream
 * that stops sending is opened again. An order in its final state is read once whenever somebody returns to its page, because a
 * refund may have been made. Where the shop refuses the stream, or a proxy holds the events back, the part is fetched at
 * intervals instead.
 */
export function follow(part, onShown) {
  let source;
  let silence;
  let looking = false;
  let failures = 0;
  const isFinal = () => 'final' in part.dataset;

  const close = () => {
    clearTimeout(silence);
    source?.close();
    source = undefined;
  };
  const open = () => {
    if (source || looking || document.hidden || isFinal()) return;
    source = new EventSource(part.dataset.events);
    source.addEventListener('open', () => {
      failures = 0;
      report('events', true);
      expectMessage(firstMessageWithinMs, lookInstead);
    });
    source.addEventListener('order', ({ data }) => {
      expectMessage(messageWithinMs, open);
      show(part, data);
      onShown();
      if (isFinal()) close();
    });
    source.addEventListener('heartbeat', () => expectMessage(messageWithinMs, open));
    source.addEventListener('error', failed);
    expectMessage(firstMessageWithinMs, lookInstead);
  };
  const expectMessage = (withinMs, otherwise) => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      close();
      void otherwise();
    }, withinMs);
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
    expectMessage(firstMessageWithinMs, lookInstead);
  };
  const lookInstead = async () => {
    looking = true;
    let waitMs = firstLookMs;
    for (let looks = 0; looks < looksBeforeStream && !isFinal(); looks += 1) {
      await pause(waitMs);
      await shown();
      const reached = await refresh(part, part.dataset.fragment, onShown);
      report('events', reached);
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
    else if (isFinal()) void refresh(part, part.dataset.fragment, onShown);
    else open();
  });
  open();
}
