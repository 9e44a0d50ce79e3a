import { release, say, send, takeOver } from './form.js';
import { morph } from './show.js';
import { showLocalTimes } from './times.js';

// Orders without leaving the review before there is an answer. A refusal comes as a page and is shown in place, because a page
// that a form loaded would be in the way of the browser's Back.
takeOver('form[data-checkout]', async (form, body) => {
  const answer = await send(form, body);
  if (!answer) {
    release(form);
    say(form, form.dataset.unreachable);
    return;
  }
  // This cart was ordered from another tab: its order has a page of its own.
  if (answer.redirected) {
    location.assign(answer.url);
    return;
  }
  if (isPage(answer)) {
    showInPlace(await answer.text(), body.has('apply') ? '#discount_code' : null);
    return;
  }
  const { location: wayOn } = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (wayOn) location.assign(wayOn);
  else submitWhole(form, body);
});

/** Submits a form with everything that was sent: without the name of its button, another thing would be asked for. */
function submitWhole(form, body) {
  const own = new FormData(form);
  for (const [name, value] of body) {
    if (!own.has(name))
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  form.submit();
}

// The tax depends on where the order goes.
document.addEventListener('change', ({ target }) => {
  const form = target.closest('form[data-taxed]');
  if (form && ['country', 'region'].includes(target.name)) void showAmounts(form);
});

let newest = 0;

/** Shows and says what the order costs with the fields as they are. Without an answer, the shop shows it before it orders. */
async function showAmounts(form) {
  newest += 1;
  const number = newest;
  const body = new URLSearchParams(new FormData(form));
  body.set('apply', '1');
  const answer = await fetch(form.action, { method: 'POST', headers: { accept: 'text/html' }, body }).catch(
    () => undefined,
  );
  if (!answer || !isPage(answer)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (number !== newest || 'sending' in form.dataset) return;
  // Another delivery may have been chosen meanwhile.
  const chosen = form.elements.delivery?.value;
  for (const choice of fresh.querySelectorAll('[name="delivery"]'))
    choice.toggleAttribute('checked', choice.value === chosen);
  const parts = ['#delivery', '[data-shown]'].map((selector) => [
    form.querySelector(selector),
    fresh.querySelector(selector),
  ]);
  if (!parts.every(([old, next]) => old && next)) return;
  for (const [old, next] of parts) morph(old, next);
  const total = form.querySelector('.choice:has(:checked) .total')?.textContent;
  if (total) say(form, total.replaceAll(/\s+/g, ' ').trim());
}

function isPage(answer) {
  return answer.headers.get('content-type')?.startsWith('text/html') === true;
}

/** @param focused what gets the focus when nothing asks for it; null for nothing */
function showInPlace(html, focused) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const content = fresh.querySelector('main');
  document.title = fresh.title;
  document.querySelector('main').replaceWith(content);
  showLocalTimes(content);
  (content.querySelector('[autofocus]') ?? (focused && content.querySelector(focused)))?.focus();
}
