import { ask } from './ask.js';
import { show } from './show.js';

// A choice applies when it is made. The text of a search is sent by its button, or by Enter.

let newest = 0;

document.addEventListener('change', ({ target }) => {
  if (!target.form?.matches('form.search') || target.type === 'search') return;
  void choose(addressOf(target.form));
});

async function choose(address) {
  if (await apply(address)) history.pushState(null, '', address);
}

// The browser's Back and Forward between choices: the page stayed, so its content has to follow.
window.addEventListener('popstate', () => void apply(location.href));

/** The address of what is chosen, without fields that would change nothing. */
function addressOf(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => value !== '' && !isUsual(name, value));
  const query = new URLSearchParams(fields).toString();
  return query === '' ? '/' : `/?${query}`;
}

function isUsual(name, value) {
  return name === 'sort' && (value === 'featured' || value === 'relevance');
}

/** Shows the answer to a search in this page; leaves for it when there is none. @returns whether it is shown here */
async function apply(address) {
  newest += 1;
  const mine = newest;
  const answer = await ask(address, 'text/html');
  const html = answer?.ok ? await answer.text().catch(() => undefined) : undefined;
  // Another choice was made meanwhile.
  if (mine !== newest) return false;
  const fresh = html && new DOMParser().parseFromString(html, 'text/html').querySelector('[data-search]');
  if (!fresh) {
    location.assign(address);
    return false;
  }
  show(document.querySelector('[data-search]'), fresh.outerHTML);
  return true;
}
