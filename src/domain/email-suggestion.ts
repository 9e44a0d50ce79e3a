// Mailbox providers with many customers. A domain of this list is never corrected, and a domain close to one is.
const corrected = [
  'aol.com',
  'comcast.net',
  'freenet.de',
  'gmail.com',
  'gmx.de',
  'gmx.net',
  'googlemail.com',
  'hotmail.co.uk',
  'hotmail.com',
  'hotmail.de',
  'hotmail.fr',
  'icloud.com',
  'libero.it',
  'live.com',
  'orange.fr',
  'outlook.com',
  'outlook.de',
  'proton.me',
  'protonmail.com',
  't-online.de',
  'verizon.net',
  'wanadoo.fr',
  'web.de',
  'yahoo.co.uk',
  'yahoo.com',
  'yahoo.de',
  'yahoo.fr',
];
// Providers, too. Without this list, each would be taken for an error in one of the above.
const right = new Set([
  ...corrected,
  ...['at', 'be', 'ca', 'ch', 'dk', 'es', 'gr', 'ie', 'in', 'it', 'nl', 'no', 'pl', 'se'].flatMap((country) =>
    ['hotmail', 'live', 'outlook', 'yahoo'].map((provider) => `${provider}.${country}`),
  ),
  'email.com',
  'gmail.de',
  'live.co.uk',
  'live.de',
  'live.fr',
  'mail.com',
  'outlook.fr',
  'ymail.com',
]);

// Shorter domains, such as web.de, have too many neighbours that are real.
const shortest = 8;
// Endings that no registry has, as they are typed instead of these.
const endings: readonly (readonly [wrong: RegExp, right: string])[] = [
  [/\.(con|cmo|ocm|vom|xom|cpm|comm|coom|ccom)$/, '.com'],
  [/\.(nte|ent|nett|met)$/, '.net'],
];

/**
 * Suggests another address where the domain is a likely typing error: one letter too many, too few, wrong or swapped in the domain of a
 * large mailbox provider, or an ending that does not exist. Other domains are never corrected.
 * @param address as `readEmailAddress` returns it
 * @returns null when it looks right
 */
export function suggestEmailAddress(address: string): string | null {
  const [local = '', typed = ''] = address.split('@');
  if (right.has(typed)) return null;
  const domain = withoutWrongEnding(typed);
  const close = corrected.filter((one) => (right.has(domain) ? one === domain : isClose(domain, one)));
  const suggestion = close[0] ?? (domain === typed ? null : domain);
  return suggestion === null ? null : `${local}@${suggestion}`;
}

function withoutWrongEnding(domain: string): string {
  const [wrong, ending] = endings.find(([one]) => one.test(domain)) ?? [];
  return wrong && ending ? domain.replace(wrong, ending) : domain;
}

/** Whether one letter more or less, another one, or two that are swapped make one text of the other. */
function isClose(one: string, other: string): boolean {
  if (other.length < shortest || Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  const shorter = Math.min(one.length, other.length);
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [left, right] = [one, other].map((text) => text.slice(start, text.length - end));
  if (left === undefined || right === undefined) return false;
  return (left.length <= 1 && right.length <= 1) || (left.length === 2 && left === `${right[1]}${right[0]}`);
}
