import type { ProductInStock, ProductOrder } from '../database/queries/products.ts';
import { type ProductCard, productCard } from './product-card.ts';
import { catalogueSummary, resultWords, sortWords, words } from './words.ts';

export interface CatalogueSource {
  /** What the shopper looks for; empty for everything. */
  readonly text: string;
  readonly order: ProductOrder;
  readonly products: readonly ProductInStock[];
  /** Origin under which shoppers reach the shop. */
  readonly publicUrl: string;
}

export interface CatalogueView {
  readonly title: string;
  readonly summary: string;
  /** The address that search engines keep: how a list is sorted makes no other page. */
  readonly canonical: string;
  readonly text: string;
  readonly result: string;
  readonly sorts: readonly {
    readonly value: string;
    readonly name: string;
    readonly chosen: boolean;
  }[];
  readonly products: readonly ProductCard[];
}

/** The shop's first page: all products, or those that were looked for. */
export function catalogueView({ text, order, products, publicUrl }: CatalogueSource): CatalogueView {
  const result = resultWords(products.length, text);
  return {
    // The title is what is read aloud first when the answer to a search arrives.
    title: text === '' ? words.products.title : result.replace(/\.$/, ''),
    summary: catalogueSummary(products.length, text),
    canonical: text === '' ? `${publicUrl}/` : `${publicUrl}/?${new URLSearchParams({ q: text }).toString()}`,
    text,
    result,
    sorts: Object.entries(sortWords).map(([value, name]) => ({
      value,
      name,
      chosen: value === order,
    })),
    products: products.map(productCard),
  };
}
