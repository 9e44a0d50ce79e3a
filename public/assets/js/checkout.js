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
  if (isPage(answer)) {
    showInPlace(await answer.text());
    return;
  }
  const { location: wayOn } = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (wayOn) location.assign(wayOn);
  else form.submit();
});

// The tax depends on where the order goes.
document.addEventListener('change', ({ target }) => {
  const form = target.closest('form[data-taxed]');
  if (form && ['country', 'region'].includes(target.name)) void showAmounts(form);
});

/** Shows what the order costs with the fields as they are. Without an answer, the shop shows it before it orders. */
async function showAmounts(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set('apply', '1');
  const answer = await fetch(form.action, { method: 'POST', headers: { accept: 'text/html' }, body }).catch(
    () => undefined,
  );
  if (!answer || !isPage(answer) || 'sending' in form.dataset) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const parts = ['#delivery', '[data-shown]'].map((selector) => [
    form.querySelector(selector),
    fresh.querySelector(selector),
  ]);
  if (parts.every(([old, next]) => old && next)) for (const [old, next] of parts) morph(old, next);
}

function isPage(answer) {
  return answer.headers.get('content-type')?.startsWith('text/html') === true;
}

function showInPlace(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const content = fresh.querySelector('main');
  document.title = fresh.title;
  document.querySelector('main').replaceWith(content);
  showLocalTimes(content);
  content.querySelector('[autofocus]')?.focus();
}
