import { morph } from './morph.js';
import { showLocalTimes } from './times.js';

/** Puts a fresh version of a part in its place, and its title in that of the page. */
export function show(part, html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  if (!fresh) return;
  showLocalTimes(fresh);
  morph(part, fresh);
  if (part.dataset.title) document.title = part.dataset.title;
}
