import { cameFromShop, report } from './banner.js';
import { pause } from './pause.js';

const attemptsAtMost = 20;
const longestPauseMs = 4000;
const answerWithinMs = 12_000;
/** The contents of each button before it was pressed. */
const labels = new WeakMap();

/** Hands the forms that match to `act`, with what they held when they were sent; each is held until it is released. */
export function takeOver(selector, act) {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches(selector)) return;
    event.preventDefault();
    if ('sending' in form.dataset) return;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    hold(form);
    void act(form, body);
  });
  // The browser's Back may bring this page as it was left, in the middle of an answer.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll('form[data-sending]')) release(form);
  });
}

/**
 * Repeats a request while the shop is away or busy. The key in the form makes all of them one request.
 * @param accept the format of the answer
 * @returns what the shop decided; undefined when it never answered
 */
export async function send(form, body, accept = 'application/json') {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await post(form, body, accept);
    const reached = cameFromShop(answer);
    const busy = answer?.status === 429;
    // After the last attempt this form no longer reports the shop as away.
    const last = attempt === attemptsAtMost;
    report('form', reached || last);
    if (reached && (!busy || last)) return answer;
    if (last) return undefined;
    say(form, busy ? form.dataset.busy : '');
    await pause(retryAfterMs(answer) ?? Math.min(longestPauseMs, 300 * 2 ** (attempt - 1)));
  }
}

/** Lets a form be sent again. */
export function release(form) {
  const button = form.querySelector('button');
  delete form.dataset.sending;
  button.removeAttribute('aria-disabled');
  if (labels.has(button)) button.replaceChildren(...labels.get(button));
}

/** Says beside a form, aloud too, what became of it. */
export function say(form, ...text) {
  form.querySelector('[role="status"]').replaceChildren(...text);
}

// The button keeps the focus, which a disabled one would lose.
function hold(form) {
  const button = form.querySelector('button');
  const { pending } = form.dataset;
  form.dataset.sending = '';
  button.setAttribute('aria-disabled', 'true');
  say(form, '');
  if (pending === undefined) return;
  labels.set(button, [...button.childNodes]);
  button.textContent = pending;
}

function post(form, body, accept) {
  return fetch(form.action, {
    method: 'POST',
    headers: { accept },
    body,
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch(() => undefined);
}

function retryAfterMs(answer) {
  const seconds = Number(answer?.headers.get('retry-after'));
  return answer?.status === 429 && seconds > 0 ? seconds * 1000 : undefined;
}
