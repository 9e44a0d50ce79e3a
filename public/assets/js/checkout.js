import { cameFromShop, report } from './banner.js';
import { pause } from './pause.js';

const attemptsAtMost = 20;
const longestPauseMs = 4000;
const answerWithinMs = 12_000;
/** What each button said before it was pressed. */
const labels = new WeakMap();

/**
 * Orders without leaving the review before there is an answer: a request that is lost is sent again, with the same key, so it
 * stays one order. What the shop has to say against it, it says on a page of its own, as without this script.
 */
for (const form of document.querySelectorAll('form[data-checkout]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!('sending' in form.dataset)) void order(form);
  });
}

// The browser's Back may bring this page as it was left, in the middle of an order that has long been answered.
window.addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll('form[data-sending]')) release(form);
});

async function order(form) {
  hold(form);
  const answer = await send(form);
  if (!answer) {
    report('checkout', true);
    release(form);
    say(form, form.dataset.unreachable);
    return;
  }
  const { location: wayOn } = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (wayOn) location.assign(wayOn);
  else form.submit();
}

/** Asks until the shop has decided; undefined when it never answered. */
async function send(form) {
  for (let attempt = 0; attempt < attemptsAtMost; attempt += 1) {
    const answer = await post(form);
    report('checkout', cameFromShop(answer));
    if (answer && answer.status < 500 && answer.status !== 429) return answer;
    say(form, answer?.status === 429 ? form.dataset.busy : '');
    await pause(retryAfterMs(answer) ?? Math.min(longestPauseMs, 300 * 2 ** attempt));
  }
  return undefined;
}

function post(form) {
  return fetch(form.action, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(new FormData(form)),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch(() => undefined);
}

function retryAfterMs(answer) {
  const seconds = Number(answer?.headers.get('retry-after'));
  return answer?.status === 429 && seconds > 0 ? seconds * 1000 : undefined;
}

function hold(form) {
  const button = form.querySelector('button');
  form.dataset.sending = '';
  labels.set(button, [...button.childNodes]);
  button.setAttribute('aria-disabled', 'true');
  button.textContent = form.dataset.placing;
  say(form, '');
}

function release(form) {
  const button = form.querySelector('button');
  button.removeAttribute('aria-disabled');
  button.replaceChildren(...labels.get(button));
  delete form.dataset.sending;
}

function say(form, text) {
  form.querySelector('.said').textContent = text;
}
