import type { ProductInStock } from '../database/queries/products.ts';
import { formatMoney } from '../shared/money.ts';
import { fewUnits, stockWords } from './words.ts';

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

export function productCard(row: ProductInStock): ProductCard {
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
