import type { ProductInStock } from '../database/queries/products.ts';
import { majorUnits } from '../shared/money.ts';
import { words } from './words.ts';

const context = 'https://schema.org';

/** A product with its offer, and where it is in the shop, for search engines. Its addresses are whole ones. */
export function productData(
  product: ProductInStock,
  addresses: { readonly product: string; readonly category: string | null; readonly home: string },
) {
  const { sku, product: name, description, category, priceCents: cents, currency, available } = product;
  const trail = [
    { name: words.products.all, item: addresses.home },
    ...(category === null || addresses.category === null
      ? []
      : [{ name: category, item: addresses.category }]),
    { name, item: addresses.product },
  ];
  return {
    '@context': context,
    '@graph': [
      {
        '@type': 'Product',
        name,
        description,
        sku,
        url: addresses.product,
        image: absolute(product.image, addresses.home),
        category: category ?? undefined,
        offers: {
          '@type': 'Offer',
          url: addresses.product,
          price: String(majorUnits({ cents, currency })),
          priceCurrency: currency,
          availability: `${context}/${available > 0 ? 'InStock' : 'OutOfStock'}`,
        },
      },
      {
        '@type': 'BreadcrumbList',
        itemListElement: trail.map((place, index) => ({
          '@type': 'ListItem',
          position: index + 1,
          ...place,
        })),
      },
    ],
  };
}

/** The whole address of a picture that services show beside a link; null for a drawing, which most of them cannot read. */
export function sharedPicture(image: string, publicUrl: string): string | null {
  return (/\.(png|jpe?g|webp)$/i.test(image) && absolute(image, publicUrl)) || null;
}

function absolute(address: string, base: string): string | undefined {
  return URL.canParse(address, base) ? new URL(address, base).href : undefined;
}
