import type { FoundProducts, ProductInStock } from '../database/queries/products.ts';
import type { ProductSearch, SearchFault } from '../domain/catalogue.ts';
import { maxQuantity, productsPerPage } from '../domain/limits.ts';
import { formatMoney } from '../shared/money.ts';
import { productData, sharedPicture } from './product-data.ts';
import {
  catalogueSummary,
  categoryWords,
  fewUnits,
  lastPageWords,
  moreCategoriesWords,
  pageWords,
  pictureWords,
  rangeWords,
  resultWords,
  searchFaults,
  sortWords,
  stockWords,
  unknownCategoryWords,
  words,
} from './words.ts';

/** A product as lists show it. */
export interface ProductCard {
  readonly sku: string;
  readonly name: string;
  readonly image: string;
  readonly price: string;
  readonly stock: string;
  /** How much there is, as far as it matters to who looks. */
  readonly level: 'some' | 'few' | 'none';
}

function productCard(row: ProductInStock): ProductCard {
  const { sku, product: name, image, priceCents: cents, currency, available } = row;
  return {
    sku,
    name,
    image,
    price: formatMoney({ cents, currency }),
    stock: stockWords(available),
    level: available <= 0 ? 'none' : available <= fewUnits ? 'few' : 'some',
  };
}

export interface CatalogueSource {
  readonly search: ProductSearch;
  readonly found: FoundProducts;
  readonly faults: readonly SearchFault[];
  /** A category that was looked for and does not exist; the products are those of all categories then. */
  readonly unknownCategory: string | null;
  /** The page number of the address. */
  readonly askedPage: number;
  /** Searches that find something, where this one does not. */
  readonly suggestions: readonly string[];
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
}

interface Choice {
  readonly value: string;
  readonly name: string;
  readonly chosen: boolean;
}

interface Link {
  readonly name: string;
  readonly address: string;
}

/** One number in the list of pages; null stands for those that are left out. */
type PageLink = (Link & { readonly isHere: boolean }) | null;

export interface CatalogueView {
  readonly title: string;
  readonly summary: string;
  /** The address that search engines keep: how a list is sorted makes no other page. */
  readonly canonical: string;
  /** Whether search engines keep it: one part of the catalogue is enough for them. */
  readonly isIndexed: boolean;
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly inStock: boolean;
  /** Whether the fields of price and stock are shown at first. */
  readonly showsFilters: boolean;
  /** Whether something is looked for, so that the page may leave products out. */
  readonly isSearch: boolean;
  readonly result: string;
  readonly notices: readonly string[];
  readonly sorts: readonly Choice[];
  readonly categories: readonly Choice[];
  /** A note about categories that are not offered; null when all are. */
  readonly categoryNote: string | null;
  readonly products: readonly ProductCard[];
  readonly pages: {
    readonly here: string;
    readonly before: string | null;
    readonly after: string | null;
    readonly numbers: readonly PageLink[];
  } | null;
  /** What to do when nothing was found; null otherwise. */
  readonly nothing: {
    readonly hint: string;
    readonly suggestions: readonly Link[];
    readonly categories: readonly Link[];
    /** The same search without its filters; null when it has none. */
    readonly unfiltered: string | null;
  } | null;
}

/** The shop's first page: a page of all products, or of those that were looked for. */
export function catalogueView(source: CatalogueSource): CatalogueView {
  const { search, found, publicUrl } = source;
  const { text, category, inStock, from, to } = search;
  const isFiltered = category !== null || inStock || from !== null || to !== null;
  const result = resultWords(found.total, text, isFiltered);
  const isSearch = text !== '' || isFiltered;
  return {
    // The title is what is read aloud first when the answer to a search arrives.
    title: titleOf(isSearch ? result.replace(/\.$/, '') : words.products.title, found),
    summary: catalogueSummary(result, isSearch),
    canonical: publicUrl + addressOf({ ...everyProduct, text, category, page: found.page }),
    isIndexed: text === '' && !inStock && from === null && to === null,
    text,
    from: from ?? '',
    to: to ?? '',
    inStock,
    showsFilters:
      inStock || from !== null || to !== null || source.faults.some((fault) => fault !== 'text_cut'),
    isSearch,
    result: found.pages > 1 ? `${result} ${rangeOf(found)}` : result,
    notices: noticesOf(source),
    sorts: sortsOf(search),
    categories: categoriesOf(source),
    categoryNote: found.moreCategories ? moreCategoriesWords(found.categories.length) : null,
    products: found.products.map(productCard),
    pages: found.pages > 1 ? pagesOf(search, found) : null,
    nothing: found.total === 0 && isSearch ? nothingOf(source, isFiltered) : null,
  };
}

const everyProduct: ProductSearch = {
  text: '',
  category: null,
  inStock: false,
  from: null,
  to: null,
  order: 'featured',
  page: 1,
};

/** The address of a search on this site, without the parameters that would change nothing. */
function addressOf({ text, category, inStock, from, to, order, page }: ProductSearch): string {
  const query = new URLSearchParams();
  if (text !== '') query.set('q', text);
  if (category !== null) query.set('category', category);
  if (inStock) query.set('stock', '1');
  if (from !== null) query.set('from', from);
  if (to !== null) query.set('to', to);
  if (order !== 'featured' && order !== 'relevance') query.set('sort', order);
  if (page > 1) query.set('page', String(page));
  return query.size === 0 ? '/' : `/?${query.toString()}`;
}

/** The address of a product's page on this site. */
export function productAddress(sku: string): string {
  return `/products/${encodeURIComponent(sku)}`;
}

/** The address of the products of a category on this site. */
export function categoryAddress(category: string): string {
  return addressOf({ ...everyProduct, category });
}

function titleOf(title: string, { page, pages }: FoundProducts): string {
  return page === 1 ? title : `${title}. ${pageWords(page, pages)}`;
}

function rangeOf({ page, products }: FoundProducts): string {
  const first = (page - 1) * productsPerPage + 1;
  return rangeWords(first, first + products.length - 1);
}

function noticesOf({ faults, unknownCategory, askedPage, found }: CatalogueSource): string[] {
  return [
    ...faults.map((fault) => searchFaults[fault]),
    ...(unknownCategory === null ? [] : [unknownCategoryWords(unknownCategory)]),
    ...(askedPage > found.pages ? [lastPageWords(found.pages)] : []),
  ];
}

function sortsOf({ text, order }: ProductSearch): Choice[] {
  const left = text === '' ? 'relevance' : 'featured';
  return Object.entries(sortWords)
    .filter(([value]) => value !== left)
    .map(([value, name]) => ({ value, name, chosen: value === order }));
}

/** The categories by name. The chosen one is among them, also when it is too small to be offered. */
function categoriesOf({ search: { category }, found }: CatalogueSource): Choice[] {
  const offered = found.categories.map(({ category: value, size }) => ({
    value,
    name: categoryWords(value, size),
    chosen: value === category,
  }));
  if (category !== null && !offered.some(({ chosen }) => chosen)) {
    offered.push({ value: category, name: category, chosen: true });
  }
  return offered.toSorted((a, b) => a.name.localeCompare(b.name, words.language));
}

const neighbours = 1;

/** The first page, the last one and those around this one, with a gap for the others. */
function pagesOf(search: ProductSearch, { page: here, pages }: FoundProducts): CatalogueView['pages'] {
  const at = (page: number) => addressOf({ ...search, page });
  const shown = [1, here - neighbours, here, here + neighbours, pages].filter(
    (page) => page >= 1 && page <= pages,
  );
  const numbers = [...new Set(shown)].flatMap((page, index, all): PageLink[] => {
    const link = { name: String(page), address: at(page), isHere: page === here };
    return index > 0 && page > (all[index - 1] ?? 0) + 1 ? [null, link] : [link];
  });
  return {
    here: pageWords(here, pages),
    before: here > 1 ? at(here - 1) : null,
    after: here < pages ? at(here + 1) : null,
    numbers,
  };
}

const categoriesSuggested = 6;

function nothingOf(
  { search, found, suggestions }: CatalogueSource,
  isFiltered: boolean,
): CatalogueView['nothing'] {
  const { notFoundHint, noWordHint } = words.products;
  return {
    hint: search.text === '' || /[\p{L}\p{N}]/u.test(search.text) ? notFoundHint : noWordHint,
    suggestions: suggestions.map((text) => ({ name: text, address: addressOf({ ...everyProduct, text }) })),
    categories: found.categories.slice(0, categoriesSuggested).map(({ category, size }) => ({
      name: categoryWords(category, size),
      address: addressOf({ ...everyProduct, category }),
    })),
    unfiltered: isFiltered ? addressOf({ ...everyProduct, text: search.text }) : null,
  };
}

export interface ProductView extends ProductCard {
  readonly description: string;
  /** The category and the address of its products; null for a product without one. */
  readonly category: Link | null;
  readonly picture: string;
  readonly canonical: string;
  /** How many units can be put into the cart at once. */
  readonly most: number;
  /** The product, its offer and its place in the shop, for programs that read the page. */
  readonly data: object;
  /** A picture for services that show a link; null for none. */
  readonly sharedPicture: string | null;
  readonly others: readonly ProductCard[];
}

/** The page of one product. */
export function productView(
  product: ProductInStock,
  others: readonly ProductInStock[],
  publicUrl: string,
): ProductView {
  const { sku, description, category, available } = product;
  const canonical = publicUrl + productAddress(sku);
  const address = category === null ? null : categoryAddress(category);
  const ofCategory = address === null ? null : publicUrl + address;
  return {
    ...productCard(product),
    description,
    category: category === null || address === null ? null : { name: category, address },
    picture: pictureWords(product.product),
    canonical,
    most: Math.min(available, maxQuantity),
    data: productData(product, { product: canonical, category: ofCategory, home: `${publicUrl}/` }),
    sharedPicture: sharedPicture(product.image, publicUrl),
    others: others.map(productCard),
  };
}
