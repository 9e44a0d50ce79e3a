import { showCart } from './cart-link.js';
import { release, send, takeOver } from './form.js';
import { morph } from './show.js';

// Changes a quantity without leaving the page: the focus stays, and the total is read aloud. The answer is the page of the cart,
// as it is without script.
takeOver('form[data-change]', async (form, body) => {
  const answer = await send(form, body, 'text/html');
  const html = await answer?.text().catch(() => undefined);
  const fresh = new DOMParser().parseFromString(html ?? '', 'text/html');
  const content = fresh.querySelector('[data-cart]');
  if (!content) {
    // The page of the answer explains what this one cannot show.
    form.submit();
    return;
  }
  release(form);
  const link = fresh.getElementById('cart-link');
  showCart({ units: link.querySelector('.cart-count').textContent, label: link.getAttribute('aria-label') });
  morph(document.querySelector('[data-cart]'), content);
});
