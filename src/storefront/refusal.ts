import { z } from 'zod';
import type { ProductInStock } from '../database/queries/products.ts';
import type { ShopError } from '../domain/errors.ts';
import type { Refusal } from './shop-view.ts';
import { refusalWords, shortageWords } from './words.ts';

const shortage = z.object({
  lines: z.array(z.object({ sku: z.string(), wanted: z.int(), available: z.int() })),
});

/** A Buy's refusal for the shop's page; null for trouble that is not about this Buy and has a page of its own. */
export function refusalOf(
  error: ShopError,
  bought: { readonly sku: string; readonly key: string },
  products: readonly ProductInStock[],
): Refusal | null {
  const said = Object.entries(refusalWords).find(([code]) => code === error.code)?.[1];
  if (said === undefined) return null;
  const product = products.find(({ sku }) => sku === bought.sku);
  const short = shortage.safeParse(error.details).data?.lines[0];
  const first = short && product ? `${shortageWords(product.product, short.wanted, short.available)} ` : '';
  return {
    message: first + said,
    sku: product?.sku ?? null,
    // Only an order that may still come into being keeps its key; a refused one has its answer for ever.
    key: error.code === 'timeout' ? bought.key : null,
  };
}
