import type { ProductOrder, ProductSearch } from '../../domain/catalogue.ts';
import { mostCategories, productsPerPage } from '../../domain/limits.ts';
import { statementsOf } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import type { ProductRow } from '../tables.ts';

/** A product with the units that anyone may still order. */
export type ProductInStock = ProductRow & { available: number };

/** A category with the number of its products. */
export interface Category {
  readonly category: string;
  readonly size: number;
}

/** A page of the products that a shopper looks for. */
export interface FoundProducts {
  readonly products: readonly ProductInStock[];
  /** The number of all products that were found, on every page. */
  readonly total: number;
  /** The page that was read: the last one for a number beyond it. */
  readonly page: number;
  readonly pages: number;
  /** Categories with products, those with the most first, and at most so many as the catalogue offers. */
  readonly categories: readonly Category[];
  /** Whether there are more categories than that. */
  readonly moreCategories: boolean;
  /** Whether a product has the category that was looked for; true without one. */
  readonly isKnownCategory: boolean;
}

/** Finds a page of products by one statement, and by a second one for a number beyond the last page. */
export async function searchProducts(database: Database, search: ProductSearch): Promise<FoundProducts> {
  const found = await readPage(database, search);
  const pages = Math.max(1, Math.ceil(found.total / productsPerPage));
  const page = Math.min(search.page, pages);
  const { products } = page === search.page ? found : await readPage(database, { ...search, page });
  const moreCategories = found.categories.length > mostCategories;
  const categories = found.categories.slice(0, mostCategories);
  const isKnownCategory = search.category === null || found.isKnown;
  return { products, total: found.total, page, pages, categories, moreCategories, isKnownCategory };
}

interface PageRow {
  readonly total: number;
  readonly products: readonly ProductInStock[];
  readonly categories: readonly Category[];
  /** Whether the category that is looked for has products. */
  readonly isKnown: boolean;
}

async function readPage(database: Database, search: ProductSearch): Promise<PageRow> {
  const { text, category, from, to, page } = search;
  const [row] = await statementsOf(database)<PageRow>(pageSql(search), {
    text,
    category: category ?? '',
    from: from ?? 0,
    to: to ?? 0,
    offset: (page - 1) * productsPerPage,
  });
  return row ?? { total: 0, products: [], categories: [], isKnown: false };
}

const orders: Readonly<Record<ProductOrder, string>> = {
  featured: 'products.product_id',
  relevance: 'score desc, product_id',
  newest: 'products.product_id desc',
  price: 'price_cents, products.product_id',
  'price-desc': 'price_cents desc, products.product_id desc',
  name: 'lower(product), products.product_id',
};

/**
 * The statement of one page. Each search has a text of its own with the conditions that it needs, so that Postgres goes through the
 * index of its order; there are fewer than four hundred.
 */
function pageSql(search: ProductSearch): string {
  const { text, order } = search;
  const conditions = conditionsOf(search);
  const isFiltered = conditions.length > 0;
  const filtered = `join stock using (product_id)
    left join currencies on currencies.currency = products.currency
    ${isFiltered ? `where ${conditions.join(' and ')}` : ''}`;
  // Without parameters in the limit, Postgres plans the first page once and not for each visitor.
  const page = `limit ${productsPerPage} ${search.page === 1 ? '' : 'offset :offset'}`;
  const found = isFiltered
    ? `select product_id, score from search_products(:text) join products using (product_id) ${filtered}`
    : 'select product_id, score from search_products(:text)';
  // The best of a thousand matches are chosen before their products are read.
  const best =
    order === 'relevance'
      ? `(select product_id, score from found order by ${orders.relevance} ${page})`
      : 'found';
  const shown =
    text === ''
      ? `from products ${filtered} order by ${orders[order]} ${page}`
      : `from ${best} as best join products using (product_id) join stock using (product_id)
         order by ${orders[order]} ${order === 'relevance' ? '' : page}`;
  return `${text === '' ? '' : `with found as materialized (${found})`}
    select (${totalSql(search, filtered)}) as total,
      (select coalesce(json_agg(page), '[]') from (select ${columns} ${shown}) as page) as products,
      (select coalesce(json_agg(largest), '[]') from (
        select category, size from category_counts where category <> '' and size > 0
        order by size desc, category limit ${mostCategories + 1}
      ) as largest) as categories,
      exists (select from category_counts where category = :category and size > 0) as is_known`;
}

// The names of the fields in JSON are those of a row in TypeScript.
const columns = `product_id as "productId", sku, product, description, category, price_cents as "priceCents",
  products.currency, image, restock_level as "restockLevel", available`;

function conditionsOf({ category, inStock, from, to }: ProductSearch): string[] {
  const amount = (name: 'from' | 'to') =>
    `cast(:${name} as numeric) * power(cast(10 as numeric), coalesce(digits, 2))`;
  return [
    category !== null && 'category = :category',
    inStock && 'available > 0',
    from !== null && `price_cents >= ${amount('from')}`,
    to !== null && `price_cents <= ${amount('to')}`,
  ].filter((condition) => condition !== false);
}

/** Without another condition, the products of the catalogue and of its categories are counted already. */
function totalSql({ text, category, inStock, from, to }: ProductSearch, filtered: string): string {
  if (text !== '') return 'select cast(count(*) as integer) from found';
  if (inStock || from !== null || to !== null) {
    return `select cast(count(*) as integer) from products ${filtered}`;
  }
  const counted = category === null ? '' : 'where category = :category';
  return `select cast(coalesce(sum(size), 0) as integer) from category_counts ${counted}`;
}

const mostSuggestions = 3;

/**
 * Other searches for one that finds nothing, the nearest first and at most three: its words as they may have been meant, all together and
 * each alone. A search that finds nothing either is not among them.
 */
export async function suggestSearches(database: Database, text: string): Promise<string[]> {
  const rows = await statementsOf(database)<{ suggestion: string }>(
    `with words as (select place, word from suggested_words(:text) where word is not null),
     suggestions as (
       select string_agg(word, ' ' order by place) as suggestion, 0 as place from words
       union all select word, place from words
     )
     select suggestion from suggestions
     where exists (select from search_products(suggestion)) and suggestion <> :text
     group by suggestion order by min(place) limit ${mostSuggestions}`,
    { text },
  );
  return rows.map(({ suggestion }) => suggestion);
}

/** A part of the whole catalogue. */
export interface ProductList {
  readonly products: readonly ProductInStock[];
  /** The number of all products. */
  readonly total: number;
  /** Whether the catalogue has products after these. */
  readonly isCut: boolean;
}

/**
 * Lists products in the order of their ids.
 * @param after the last id of the list before
 * @param limit most products in the list
 */
export async function listProducts(
  database: Database,
  { after = 0, limit }: { readonly after?: number | undefined; readonly limit: number },
): Promise<ProductList> {
  const products = await productsInStock(database)
    .where('products.product_id', '>', after)
    // Postgres does not conclude it, and would read the stock of all products before.
    .where('stock.product_id', '>', after)
    .orderBy('products.product_id')
    .limit(limit + 1);
  const [count] = await statementsOf(database)<{ total: number }>(
    'select cast(coalesce(sum(size), 0) as integer) as total from category_counts',
    {},
  );
  return { products: products.slice(0, limit), total: count?.total ?? 0, isCut: products.length > limit };
}

/** The first product, which a checkout without a body buys; undefined while the catalogue is empty. */
export async function firstProduct(database: Database): Promise<ProductInStock | undefined> {
  const [product] = await productsInStock(database).orderBy('products.product_id').limit(1);
  return product;
}

/** The products of these SKUs; unknown ones are absent. */
export function findProducts(database: Database, skus: readonly string[]): Promise<ProductInStock[]> {
  return (
    productsInStock(database)
      // One text for any number of them, so that it is prepared once.
      .whereRaw('sku = any(?)', [[...skus]])
      .orderBy('products.product_id')
  );
}

/** The dearest product of each currency. */
export function listDearest(database: Database): Promise<ProductRow[]> {
  return database('products')
    .distinctOn('currency')
    .orderBy([{ column: 'currency' }, { column: 'price_cents', order: 'desc' }, { column: 'product_id' }])
    .select<ProductRow[]>('*');
}

/** Other products than this one: the next that are in stock, round to the first, then the sold out. */
export async function listOthers(
  database: Database,
  productId: number,
  limit: number,
): Promise<ProductInStock[]> {
  const [row] = await statementsOf(database)<{ products: ProductInStock[] }>(othersSql(limit), { productId });
  return row?.products ?? [];
}

// Each part stops at its limit, and those that are not needed do not begin. The conditions name both tables, because Postgres does not
// conclude one from the other.
const othersSql = (limit: number) => `select coalesce(json_agg(other), '[]') as products from (
  ${['> 0', '= 0']
    .flatMap((stock) => ['>', '<'].map((side) => ({ stock, side })))
    .map(
      ({ stock, side }) => `(
        select ${columns} from products join stock using (product_id)
        where available ${stock} and products.product_id ${side} :productId and stock.product_id ${side} :productId
        order by products.product_id limit ${limit}
      )`,
    )
    .join(' union all ')}
  limit ${limit}
) as other`;

function productsInStock(database: Database) {
  return database('products')
    .join('stock', 'stock.product_id', 'products.product_id')
    .select<ProductInStock[]>('products.*', 'stock.available');
}
