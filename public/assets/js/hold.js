const tickMs = 500;
const shownValues = new WeakMap();

/** Shortens the hold lines between two answers of the shop, and while it is away, by this page's own clock. */
export function shortenHolds() {
  setInterval(() => {
    for (const line of document.querySelectorAll('.hold-line')) shorten(line);
  }, tickMs);
}

// The shop's count is believed over the device's clock, which may be wrong; only the time since then is ours.
function shorten(line) {
  const known = shownValues.get(line);
  const fresh = !known || known.shown !== line.value;
  const start = fresh ? { value: line.value, at: performance.now() } : known;
  line.value = Math.max(0, start.value - (performance.now() - start.at) / 1000);
  shownValues.set(line, { ...start, shown: line.value });
}
