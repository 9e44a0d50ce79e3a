/**
 * Makes an element like a fresh one and touches only what differs, so that focus, scroll and motion stay.
 * What carries `data-keep` or `data-sending` belongs to the page and is left as it is.
 */
export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (old.nodeType === Node.ELEMENT_NODE && !isKept(old, fresh)) {
    morphAttributes(old, fresh);
    morphChildren(old, fresh);
  }
}

function isKept(old, fresh) {
  if (old.nodeName === 'TIME') return old.dateTime === fresh.dateTime;
  return 'keep' in old.dataset || 'sending' in old.dataset;
}

function morphAttributes(old, fresh) {
  for (const name of old.getAttributeNames()) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphChildren(old, fresh) {
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  for (const [index, child] of after.entries()) {
    if (index < before.length) morph(before[index], child);
    else old.append(child);
  }
  for (const child of before.slice(after.length)) child.remove();
}
