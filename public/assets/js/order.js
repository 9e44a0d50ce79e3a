import { lookAtCart } from './cart-link.js';
import { showDispatch } from './dispatch.js';
import { follow } from './events.js';
import { showHold } from './hold.js';

const tickMs = 250;
const payAgainAfterMs = 30_000;

// Remaining times count from the moment of the shop's answer, by the page's own clock: the device's clock may be wrong.
let receivedAt = performance.getEntriesByType('navigation')[0]?.responseStart ?? 0;

function tick() {
  const sinceMs = performance.now() - receivedAt;
  showHold(sinceMs);
  showDispatch(sinceMs);
}

tick();
setInterval(tick, tickMs);
const part = document.querySelector('[data-events]');
let { status } = part.dataset;
follow(part, () => {
  receivedAt = performance.now();
  tick();
  // A payment removes the items from the cart.
  if (part.dataset.status !== status) void lookAtCart();
  ({ status } = part.dataset);
});

// A shopper who returns from the payment page has most likely paid. If not, the button to pay shows again after a while.
setTimeout(() => {
  if (status === 'pending') document.querySelector('[data-returned]')?.removeAttribute('data-returned');
}, payAgainAfterMs);
