import { morph } from './morph.js';
import { showLocalTimes } from './times.js';

/** Puts a fresh version of a part in its place, and its title in that of the page. */
export function show(part, html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  if (!fresh) return;
  showLocalTimes(fresh);
  const hadFocus = part.contains(document.activeElement);
  morph(part, fresh);
  // What was focused is gone, and the keyboard must not start again at the top of the page.
  if (hadFocus && !part.contains(document.activeElement)) part.querySelector('h1')?.focus();
  if (part.dataset.title) document.title = part.dataset.title;
}
