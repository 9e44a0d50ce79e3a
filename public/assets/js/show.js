import { showLocalTimes } from './times.js';

/** Replaces a part by its fresh version, which came as HTML. */
export function show(part, html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
  if (fresh) morph(part, fresh);
}

/** Replaces a part by its fresh version. Elements that do not differ stay, with their focus, scroll position and motion. */
export function morph(part, fresh) {
  showLocalTimes(fresh);
  const hadFocus = part.contains(document.activeElement);
  // A script of its own, loaded before the modules (see layout.liquid).
  window.Idiomorph.morph(part, fresh, {
    callbacks: { beforeNodeMorphed: mayChange, beforeAttributeUpdated: mayChangeAttribute },
  });
  // If the focused element is gone, the keyboard must not start again at the top of the page.
  if (hadFocus && !part.contains(document.activeElement)) part.querySelector('h1')?.focus();
  if (part.dataset.title) document.title = part.dataset.title;
}

/** Elements with `data-keep` or `data-sending` belong to the scripts. An unchanged time stays in the reader's zone. */
function mayChange(old, fresh) {
  if (old.nodeName === 'TIME') return old.dateTime !== fresh.dateTime;
  return !(old.nodeType === Node.ELEMENT_NODE && ('keep' in old.dataset || 'sending' in old.dataset));
}

// The reader opens and closes details, not the shop.
function mayChangeAttribute(name, element) {
  return name !== 'open' || element.nodeName !== 'DETAILS';
}
