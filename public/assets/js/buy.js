import { cameFromShop, report } from './banner.js';
import { pause } from './pause.js';
import { forget, newKey, remember } from './wish.js';

const attemptsAtMost = 20;
const longestPauseMs = 4000;
const answerWithinMs = 12_000;
/** What each button said before it was pressed. */
const labels = new WeakMap();

/**
 * Buys without leaving the page before there is an answer. However often a request is lost, it is sent again with the
 * same checkout key, so it stays one order.
 */
export function enhanceBuying() {
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('form[data-buy]')) return;
    event.preventDefault();
    if (!('sending' in event.target.dataset)) void buy(event.target);
  });
  // The browser's Back may bring this page as it was left, in the middle of an order that has long been answered.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll('form[data-sending]')) release(form);
  });
}

async function buy(form) {
  const sku = form.elements.sku.value;
  const amount = Number(form.elements.amount.value);
  const wish = remember(sku, { key: form.elements.key.value, body: { items: [{ sku, qty: 1 }], amount } });
  hold(form);
  const answer = await send(wish, form);
  const said = await answer?.json().catch(() => undefined);
  if (!said) {
    report('buy', true);
    release(form);
    say(form, wordsOf(form).unreachable);
    return;
  }
  forget(sku);
  form.elements.key.value = newKey();
  if (answer.ok) {
    location.assign(wayOn(said));
  } else {
    release(form);
    say(form, refusal(said, form));
  }
}

/** Asks until the shop has decided; undefined when it never answered. */
async function send({ key, body }, form) {
  for (let attempt = 0; attempt < attemptsAtMost; attempt += 1) {
    const answer = await post(`/checkout/${key}`, body);
    report('buy', cameFromShop(answer));
    if (answer && answer.status < 500 && answer.status !== 429) return answer;
    say(form, answer?.status === 429 ? wordsOf(form).busy : '');
    await pause(retryAfterMs(answer) ?? Math.min(longestPauseMs, 300 * 2 ** attempt));
  }
  return undefined;
}

function post(url, body) {
  return fetch(url, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch(() => undefined);
}

function retryAfterMs(answer) {
  const seconds = Number(answer?.headers.get('retry-after'));
  return answer?.status === 429 && seconds > 0 ? seconds * 1000 : undefined;
}

function wayOn({ order_url: orderUrl, payment_url: paymentUrl, expires_at: expiresAt }) {
  return paymentUrl && Date.parse(expiresAt) > Date.now() ? paymentUrl : orderUrl;
}

function refusal({ code, detail, lines }, form) {
  if (code !== 'out_of_stock' || !lines?.length) return detail;
  const [{ available }] = lines;
  const words = wordsOf(form);
  return available === 0 ? words.soldOut : words.few.replace('{available}', available);
}

/** The page carries what scripts say, so that every text stays in one place. */
function wordsOf(form) {
  return form.closest('[data-says]').dataset;
}

function hold(form) {
  const button = form.querySelector('button');
  form.dataset.sending = '';
  labels.set(button, [...button.childNodes]);
  button.setAttribute('aria-disabled', 'true');
  button.textContent = wordsOf(form).placing;
  say(form, '');
}

function release(form) {
  const button = form.querySelector('button');
  button.removeAttribute('aria-disabled');
  button.replaceChildren(...labels.get(button));
  delete form.dataset.sending;
}

function say(form, text) {
  form.querySelector('.refusal').textContent = text;
}
