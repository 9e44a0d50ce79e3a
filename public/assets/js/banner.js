const banner = document.getElementById('connection');
const unreached = new Set();

/** Shows the connection banner while any part of the page cannot reach the shop, and takes it away by itself. */
export function report(part, reached) {
  if (reached) unreached.delete(part);
  else unreached.add(part);
  const text = unreached.size === 0 ? '' : navigator.onLine ? banner.dataset.away : banner.dataset.offline;
  if (banner.textContent !== text) banner.textContent = text;
}

/** Whether the banner shows. */
export function isAway() {
  return unreached.size > 0;
}

/** Whether an answer came from the shop itself, not from its absence. */
export function cameFromShop(answer) {
  return answer !== undefined && ![502, 503, 504].includes(answer.status);
}
