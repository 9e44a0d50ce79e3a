import { cameFromShop, report } from './banner.js';
import { showCart } from './cart-link.js';
import { pause } from './pause.js';

const attemptsAtMost = 12;
const longestPauseMs = 4000;
const answerWithinMs = 8000;

enhanceAdding();

/** Puts things into the cart without leaving the page. Whatever the shop refuses, its own page explains. */
function enhanceAdding() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('form[data-add]')) return;
    event.preventDefault();
    if (!('sending' in form.dataset)) void add(form);
  });
  // The browser's Back may bring this page as it was left, in the middle of an answer.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll('form[data-sending]')) release(form);
  });
}

async function add(form) {
  hold(form);
  const answer = await send(form);
  const said = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
  if (!said) {
    form.submit();
    return;
  }
  // The next press is another wish; the one that was sent stays one, however often it was sent.
  form.elements.key.value = newKey();
  release(form);
  showCart(said);
  confirm(form, said.said);
}

/** Asks until the shop is there to answer; undefined when it never was. */
async function send(form) {
  const body = new URLSearchParams(new FormData(form));
  for (let attempt = 0; attempt < attemptsAtMost; attempt += 1) {
    const answer = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body,
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch(() => undefined);
    report('add', cameFromShop(answer));
    if (cameFromShop(answer)) return answer;
    await pause(Math.min(longestPauseMs, 300 * 2 ** attempt));
  }
  return undefined;
}

/** `randomUUID` is missing where a page comes without TLS from another host. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Focus stays on the button: whoever wants another one presses it again.
function confirm(form, text) {
  const link = document.createElement('a');
  link.href = '/cart';
  link.textContent = form.dataset.toCart;
  form.querySelector('.added').replaceChildren(`${text} `, link);
}

function hold(form) {
  form.dataset.sending = '';
  form.querySelector('button').setAttribute('aria-disabled', 'true');
  form.querySelector('.added').textContent = '';
}

function release(form) {
  delete form.dataset.sending;
  form.querySelector('button').removeAttribute('aria-disabled');
}
