import { longestSearch } from './limits.ts';

/** How a list of products is sorted. `relevance` is for searches only; `featured` is the order in which the shop took its products in. */
export const productOrders = ['featured', 'relevance', 'newest', 'price', 'price-desc', 'name'] as const;
export type ProductOrder = (typeof productOrders)[number];

/** What a shopper looks for. */
export interface ProductSearch {
  /** Words that all have to be found; empty for all products. */
  readonly text: string;
  /** The name of a category; null for all. */
  readonly category: string | null;
  /** Only products of which there are units. */
  readonly inStock: boolean;
  /** The lowest and the highest price, in major units as decimals (`12.5`); null for none. */
  readonly from: string | null;
  readonly to: string | null;
  readonly order: ProductOrder;
  /** From 1 on. */
  readonly page: number;
}

/** The parameters of a search in an address, as they were typed. */
export interface TypedSearch {
  readonly q: string;
  readonly category: string;
  readonly stock: string;
  readonly from: string;
  readonly to: string;
  readonly sort: string;
  readonly page: string;
}

/** What of a typed search was not used as it was typed. The page says so; nothing of it is an error. */
export type SearchFault = 'text_cut' | 'from_unreadable' | 'to_unreadable' | 'prices_swapped';

const everything = 2_000_000;

/** Reads a typed search. Everything that cannot be used is left out, and is either harmless or a fault. */
export function readSearch(typed: TypedSearch): { search: ProductSearch; faults: SearchFault[] } {
  const text = cleanText(typed.q);
  // By characters: half of one is none.
  const letters = Array.from(text);
  const cut = letters.slice(0, longestSearch).join('').trim();
  const typedFrom = readPrice(typed.from);
  const typedTo = readPrice(typed.to);
  const swapped = typedFrom !== null && typedTo !== null && Number(typedFrom) > Number(typedTo);
  const [from, to] = swapped ? [typedTo, typedFrom] : [typedFrom, typedTo];
  const faults = [
    letters.length > longestSearch && ('text_cut' as const),
    typed.from.trim() !== '' && typedFrom === null && ('from_unreadable' as const),
    typed.to.trim() !== '' && typedTo === null && ('to_unreadable' as const),
    swapped && ('prices_swapped' as const),
  ].filter((fault) => fault !== false);
  const search = {
    text: cut,
    category: cleanText(typed.category) || null,
    inStock: typed.stock === '1',
    from,
    to,
    order: orderOf(typed.sort, cut),
    page: pageOf(typed.page),
  };
  return { search, faults };
}

/** Removes control characters, which Postgres partly refuses in a text, and surrogates without their other half. */
function cleanText(typed: string): string {
  return typed
    .replaceAll(/[\t\n\v\f\r]/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, '')
    .trim();
}

/** The number of a page in an address; 1 for anything else. Numbers above every possible page mean the last one. */
export function pageOf(typed: string): number {
  return /^\d+$/.test(typed) ? Math.min(Math.max(Number(typed), 1), everything) : 1;
}

/** Products are sorted by relevance where there is a text to be relevant to, and nowhere else. */
function orderOf(typed: string, text: string): ProductOrder {
  const order = productOrders.find((known) => known === typed) ?? 'featured';
  if (order === 'featured' || order === 'relevance') return text === '' ? 'featured' : 'relevance';
  return order;
}

const price = /^\p{Sc}?\s*(?<major>\d{1,9})(?:\.(?<point>\d{1,3})|,(?<comma>\d{1,2}))?\s*\p{Sc}?$/u;

/** Reads a price: digits, then at most three after a point or two after a comma. `1,000` has two readings, so it is none. */
function readPrice(typed: string): string | null {
  const { major, point, comma } = price.exec(typed.trim())?.groups ?? {};
  if (major === undefined) return null;
  const minor = point ?? comma;
  return minor === undefined ? major : `${major}.${minor}`;
}
