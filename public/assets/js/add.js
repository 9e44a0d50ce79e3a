import { showCart } from './cart-link.js';
import { release, say, send, takeOver } from './form.js';

const waiting = [];

// Adds products to the cart without leaving the page.
takeOver('form[data-add]', (form, body) => {
  waiting.push({ form, body });
  if (waiting.length === 1) void addAll();
});

/** One after the other: the first answer may bring the cookie by which the others reach the same cart. */
async function addAll() {
  let refused;
  while (waiting.length > 0) {
    const [{ form, body }] = waiting;
    if (!(await add(form, body))) refused ??= form;
    waiting.shift();
  }
  // The page of the answer explains a refusal. It comes last, because leaving this page would lose the waiting forms.
  refused?.submit();
}

/** @returns false when there is no answer that can be shown here */
async function add(form, body) {
  const answer = await send(form, body);
  const cart = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
  if (!cart) return false;
  // The next press is another request. The one that was sent stays one, however often it was repeated.
  form.elements.key.value = newKey();
  release(form);
  showCart(cart);
  confirm(form, cart);
  return true;
}

/** `randomUUID` is missing where a page comes without TLS from another host. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Focus stays on the button: whoever wants another one presses it again.
function confirm(form, { message, short }) {
  const { toCart, checkOut } = form.dataset;
  const links = [...(toCart ? [link('/cart', toCart)] : []), link('/cart/checkout', checkOut)];
  // A card shows its product's name already, and has room for one line with one link. The whole sentence is read aloud.
  const text =
    'short' in form.dataset
      ? [span({ className: 'quiet', textContent: message }), span({ ariaHidden: 'true', textContent: short })]
      : [message];
  say(form, ...text, ...links.flatMap((one) => [' ', one]));
}

function link(href, textContent) {
  return Object.assign(document.createElement('a'), { href, textContent });
}

function span(properties) {
  return Object.assign(document.createElement('span'), properties);
}
