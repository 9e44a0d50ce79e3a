import { release, say, send, takeOver } from './form.js';

// Orders without leaving the review before there is an answer. What the shop has to say against it, and that something
// went wrong there, it says on a page of its own, as without this script.
takeOver('form[data-checkout]', async (form, body) => {
  const answer = await send(form, body);
  if (!answer) {
    release(form);
    say(form, form.dataset.unreachable);
    return;
  }
  const { location: wayOn } = answer.ok ? await answer.json().catch(() => ({})) : {};
  if (wayOn) location.assign(wayOn);
  else form.submit();
});
