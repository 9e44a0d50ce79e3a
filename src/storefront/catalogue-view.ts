import type { ProductInStock, ProductOrder } from '../database/queries/products.ts';
import { maxQuantity } from '../domain/limits.ts';
import { formatMoney, majorUnits } from '../shared/money.ts';
import {
  catalogueSummary,
  fewUnits,
  pictureWords,
  resultWords,
  sortWords,
  stockWords,
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
  /** The search text; empty for all products. */
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

export interface ProductView extends ProductCard {
  readonly description: string;
  readonly picture: string;
  readonly canonical: string;
  /** How many units can be put into the cart at once. */
  readonly most: number;
  /** The schema.org Offer for programs that read the page: an amount in major units, and a currency. */
  readonly offer: { readonly price: string; readonly currency: string; readonly availability: string };
  readonly others: readonly ProductCard[];
}

/** The page of one product. */
export function productView(
  product: ProductInStock,
  others: readonly ProductInStock[],
  publicUrl: string,
): ProductView {
  const { sku, description, priceCents: cents, currency, available } = product;
  return {
    ...productCard(product),
    description,
    picture: pictureWords(product.product),
    canonical: `${publicUrl}/products/${encodeURIComponent(sku)}`,
    most: Math.min(available, maxQuantity),
    offer: {
      price: String(majorUnits({ cents, currency })),
      currency,
      availability: available > 0 ? 'https://schema.org/InStock' : 'https://schema.org/OutOfStock',
    },
    others: others.map(productCard),
  };
}
