import { release, say, send, takeOver } from './form.js';
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
  const { location: wayOn } = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (wayOn) location.assign(wayOn);
  else if (isPage(answer)) showInPlace(await answer.text());
  else form.submit();
});

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
