import type { OrderDetails, ShownOrder } from '../../src/database/queries/order-details.ts';
import type { HistoryEntry, OrderLine, OrderWithItems } from '../../src/database/queries/orders.ts';
import type { ProductInStock } from '../../src/database/queries/products.ts';
import { readSearch } from '../../src/domain/catalogue.ts';
import { noBuyerDetails, type OrderEvent } from '../../src/domain/order.ts';
import type { CatalogueSource } from '../../src/storefront/catalogue-view.ts';
import { type Demonstration, type LayoutView, layoutView } from '../../src/storefront/layout-view.ts';
import { type ShopIdentity, type ShopView, shopPage, shopView } from '../../src/storefront/shop-view.ts';

/** The layout around a page, in a demonstration or not. */
export function aLayout(demonstration: Demonstration | null = null): LayoutView {
  return layoutView({ units: 2, here: '/', formKey: 'form-key', demonstration });
}

/** A shop with an address and two pages of its own, with these changes. */
export function aShop(changes: Partial<ShopIdentity> = {}): ShopView {
  const identity = {
    name: 'Holdfast',
    addressLines: ['1 Quay', 'Harbour Town'],
    email: 'hello@shop.example',
    phone: '+44 (20) 7946-0018',
    taxNumber: 'GB 123 4567 89',
    ...changes,
  };
  const pages = [shopPage('terms', 'Ours.'), shopPage('imprint', 'Us.')];
  return shopView(identity, 'https://shop.example', pages);
}

/** The moment at which the samples are looked at, half a minute into a hold of two. */
export const now = new Date('2026-11-21T14:30:30Z');

const row = {
  ...noBuyerDetails,
  email: 'someone@example.com',
  orderId: 7,
  checkoutKey: 'key',
  requestHash: 'hash',
  token: 'token',
  browserId: null,
  requestId: 'request',
  status: 'pending',
  reason: null,
  subtotalCents: 9999,
  discountCents: 0,
  deliveryCents: 0,
  taxCents: 0,
  taxName: null,
  taxIncluded: false,
  deliveryTaxCents: 0,
  deliveryTaxRate: null,
  discountCode: null,
  totalCents: 9999,
  currency: 'USD',
  deliveryMethod: 'standard',
  deliveryName: 'Standard delivery',
  deliveryDaysFrom: null,
  deliveryDaysTo: null,
  address: null,
  createdAt: new Date('2026-11-21T14:30:00Z'),
  holdExpiresAt: new Date('2026-11-21T14:32:00Z'),
  paidAt: null,
  fulfilment: 'automatic',
  dispatchDueAt: null,
  dispatchedAt: null,
  nothingSent: false,
  cancelledAt: null,
  refundedAt: null,
} as const;

/** A pending order whose payment page is open, with these changes. */
export function anOrder(changes: Partial<ShownOrder> = {}): ShownOrder {
  return {
    ...row,
    isCollected: false,
    paymentState: 'open',
    sessionId: 'session',
    paymentUrl: 'https://pay.example/session',
    refundedCents: 0,
    ...changes,
  };
}

/** An order as lists show it, with these changes. */
export function aListedOrder(changes: Partial<OrderWithItems> = {}): OrderWithItems {
  return {
    ...row,
    isCollected: false,
    items: [{ product: 'Premium Quality Widget', quantity: 1 }],
    ...changes,
  };
}

export function aLine(changes: Partial<OrderLine> = {}): OrderLine {
  return {
    sku: 'cleat',
    product: 'Premium Quality Widget',
    image: '/assets/products/cleat.svg',
    quantity: 1,
    unitPriceCents: 9999,
    discountCents: 0,
    taxCents: 0,
    taxRate: null,
    ...changes,
  };
}

export function aProduct(changes: Partial<ProductInStock> = {}): ProductInStock {
  return {
    productId: 1,
    sku: 'cleat',
    product: 'Premium Quality Widget',
    description: 'A cast bronze cleat.',
    priceCents: 9999,
    currency: 'USD',
    image: '/assets/products/cleat.svg',
    restockLevel: 100,
    weightGrams: 0,
    taxClass: 'standard',
    category: 'Deck fittings',
    available: 100,
    ...changes,
  };
}

/** What a visit of the first page finds: these products, all on one page, with the category of each. */
export function aCatalogue(
  changes: Partial<CatalogueSource> = {},
  products: readonly ProductInStock[] = [aProduct()],
): CatalogueSource {
  const { search } = readSearch({ q: '', category: '', stock: '', from: '', to: '', sort: '', page: '' });
  const found = {
    products,
    total: products.length,
    page: 1,
    pages: 1,
    categories: [{ category: 'Deck fittings', size: products.length }],
    moreCategories: false,
    isKnownCategory: true,
  };
  const publicUrl = 'https://shop.example';
  const asked = { faults: [], unknownCategory: null, askedPage: 1, suggestions: [] };
  return { search, found, ...asked, publicUrl, ...changes };
}

/** The history of an order, from `placed` on, a second apart. */
export function aHistory(
  ...entries: (OrderEvent | readonly [what: OrderEvent, detail: object])[]
): HistoryEntry[] {
  return entries.map((entry, index) => {
    const [what, detail] = typeof entry === 'string' ? [entry, {}] : entry;
    const at = new Date(row.createdAt.getTime() + index * 1000);
    return { historyId: String(index + 1), at, what, detail: { ...detail } };
  });
}

/** A pending order of one cleat with its history. */
export function orderDetails(changes: Partial<OrderDetails> = {}): OrderDetails {
  return {
    order: anOrder(),
    lines: [aLine()],
    history: aHistory('placed', 'payment_opened'),
    transactionId: null,
    shipments: [],
    returnRequest: null,
    ...changes,
  };
}
