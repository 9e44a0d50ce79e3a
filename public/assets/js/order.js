import { lookAtCart } from './cart-link.js';
import { showDispatch } from './dispatch.js';
import { follow } from './events.js';
import { showHold } from './hold.js';

const tickMs = 250;
const payAgainAfterMs = 30_000;

// How long something still takes is counted from the moment when the shop said so, by this page's own clock: the
// device's may be wrong.
let saidAt = performance.getEntriesByType('navigation')[0]?.responseStart ?? 0;

function tick() {
  const sinceMs = performance.now() - saidAt;
  showHold(sinceMs);
  showDispatch(sinceMs);
}

document.documentElement.dataset.scripted = '';
tick();
setInterval(tick, tickMs);
const part = document.querySelector('[data-events]');
let { status } = part.dataset;
follow(part, () => {
  saidAt = performance.now();
  tick();
  // What was paid for leaves the cart.
  if (part.dataset.status !== status) void lookAtCart();
  ({ status } = part.dataset);
});

// Whoever comes from the payment page has most likely paid; if not, the way back to it shows again after a while.
setTimeout(() => {
  if (status === 'pending') document.querySelector('[data-returned]')?.removeAttribute('data-returned');
}, payAgainAfterMs);

document.addEventListener('click', ({ target }) => {
  if (target.closest('[data-print]')) window.print();
});
