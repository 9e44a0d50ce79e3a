import { ask } from './ask.js';

/** Shows in the header how much is in the cart. */
export function showCart({ units, label }) {
  const link = document.getElementById('cart-link');
  link.setAttribute('aria-label', label);
  link.querySelector('.cart-count').textContent = units || '';
}

/** Looks how much is in the cart by now; what cannot be seen stays as it was shown. */
export async function lookAtCart() {
  const answer = await ask('/cart', 'application/json');
  const cart = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
  if (cart) showCart(cart);
}
