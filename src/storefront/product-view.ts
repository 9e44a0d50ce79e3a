import type { ProductInStock } from '../database/queries/products.ts';
import { maxQuantity } from '../domain/limits.ts';
import { majorUnits } from '../shared/money.ts';
import { type ProductCard, productCard } from './product-card.ts';
import { pictureWords } from './words.ts';

export interface ProductView extends ProductCard {
  readonly description: string;
  readonly picture: string;
  readonly canonical: string;
  /** How many units can be put into the cart at once. */
  readonly most: number;
  /** What programs that read the page are told (schema.org Offer): an amount in major units, and a currency. */
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
