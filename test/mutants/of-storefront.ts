import type { Mutant } from './mutant.ts';

const carts = 'src/database/transactions/carts.ts';
const browsers = 'src/http/browsers.ts';
const cart = 'test/http/cart.test.ts';
const checkout = 'test/http/cart-checkout.test.ts';
const oneCart = 'what is in a cart is ordered once, and bought once';
const ownEyes = 'nobody sees another browser’s cart or orders';

/** Access of a browser to pages, and its cart. */
export const storefront: readonly Mutant[] = [
  {
    name: 'a cookie is accepted without its signature',
    promise: ownEyes,
    file: browsers,
    from: 'cookie ? request.unsignCookie(cookie) :',
    to: `cookie ? { valid: true, value: cookie.split('.')[0] ?? null } :`,
    test: { file: cart, name: 'it is ignored, the cart is empty, and the next product sets a fresh one' },
  },
  {
    name: 'a checkout key alone leads to its order',
    promise: ownEyes,
    file: 'src/checkout/order-cart.ts',
    from: 'if (known?.browserId === browserId &&',
    to: 'if (known &&',
    test: { file: checkout, name: 'somebody else’s key does not show their order' },
  },
  {
    name: 'a cart that is sent again with another delivery leads to its order without a word',
    promise: oneCart,
    file: 'src/checkout/order-cart.ts',
    from: "isDelivered(order, delivery) ? [] : (['delivery'] as const)",
    to: 'isDelivered(order, delivery) ? [] : ([] as const)',
    test: {
      file: 'test/http/delivery.test.ts',
      name: 'leads to its order, which says that it keeps the first one',
    },
  },
  {
    name: '“Your orders” are everybody’s',
    promise: ownEyes,
    file: 'src/database/queries/orders.ts',
    from: `.where({ browser_id: browserId })
    .whereRaw(`,
    to: `.whereRaw(`,
    test: { file: checkout, name: 'the order is in “Your orders”' },
  },
  {
    name: 'an order is placed without comparing it with the review',
    promise: 'nothing is ordered that was not shown, nor at another price',
    file: 'src/checkout/order-cart.ts',
    from: 'reviewFingerprintOf(checked, terms) !== reviewFingerprint',
    to: `reviewFingerprintOf(checked, terms) === ''`,
    test: { file: checkout, name: 'other products for the same total' },
  },
  {
    name: 'HTML in the shop’s own pages is passed on',
    promise: 'no text becomes a part of a page’s markup',
    file: 'src/storefront/shop-view.ts',
    from: 'html: false',
    to: 'html: true',
    test: { file: 'test/http/shop-identity.test.ts', name: 'without HTML, unsafe links and pictures' },
  },
  {
    name: 'a name can end the script element of structured data',
    promise: 'no text becomes a part of a page’s markup',
    file: 'src/storefront/render.ts',
    from: String.raw`.replaceAll('<', String.raw${'`'}\u003c${'`'})`,
    to: '',
    test: { file: 'test/http/discovery.test.ts', name: 'is JSON that no name can end' },
  },
  {
    name: 'a product is in two parts of the sitemap',
    promise: 'search engines find each product once',
    file: 'src/database/queries/sitemap.ts',
    from: 'product_id < cast(:next',
    to: 'product_id <= cast(:next',
    test: { file: 'test/http/discovery.test.ts', name: 'is listed in parts, with gaps between the ids' },
  },
  {
    name: 'the local payment page does not know whose shop it is',
    promise: 'a buyer sees who is paid',
    file: 'src/supervisor/children.ts',
    from: 'BUSINESS_NAME: config.identity.name',
    to: `BUSINESS_NAME: ''`,
    test: { file: 'src/supervisor/children.test.ts', name: 'gets the name of the shop' },
  },
  {
    name: 'an unpaid order has a receipt',
    promise: 'a receipt says what was paid and kept, and nothing else',
    file: 'src/storefront/receipt-view.ts',
    from: 'if (order.paidAt === null) return null;',
    to: 'if (order.paidAt === null) return receiptView({ ...details, order: { ...order, paidAt: now } }, provider, now);',
    test: { file: 'src/storefront/receipt-view.test.ts', name: 'an order that was not paid has no receipt' },
  },
  {
    name: 'a promised refund is already subtracted',
    promise: 'a receipt says what was paid and kept, and nothing else',
    file: 'src/storefront/receipt-view.ts',
    from: 'totalCents - madeCents',
    to: 'totalCents - madeCents - dueCents',
    test: { file: 'src/storefront/receipt-view.test.ts', name: 'refunds count once they are made' },
  },
  {
    name: 'a form that is sent again adds again',
    promise: oneCart,
    file: carts,
    from: 'if ((await openCart(sql, browserId)).includes(form))',
    to: `if ((await openCart(sql, browserId)).includes(''))`,
    test: { file: cart, name: 'a form that is sent again adds nothing more' },
  },
  {
    name: 'a browser may hold as much as it likes',
    promise: 'no browser keeps the shelf empty for the others',
    file: 'src/checkout/order-cart.ts',
    from: '.length >= maxPendingOrders',
    to: '.length > maxPendingOrders',
    test: { file: checkout, name: 'a sixth order while five wait for their payment' },
  },
  {
    name: 'one address may open as many streams as it likes',
    promise: 'one address does not slow the shop for the others',
    file: 'src/http/sse/event-streams.ts',
    from: 'ofAddress >= this.#limits.perAddress',
    to: 'ofAddress < 0',
    test: {
      file: 'test/http/order-events.test.ts',
      name: 'a few are opened, the rest are refused with Retry-After',
    },
  },
  {
    name: 'a cart keeps its key when it changes',
    promise: oneCart,
    file: carts,
    from: 'update carts set checkout_key = :key, updated_at = now(),',
    to: 'update carts set updated_at = now(),',
    test: { file: checkout, name: 'a cart that another tab changed since the review' },
  },
  {
    name: 'a cart keeps the key of an order that has ended',
    promise: oneCart,
    file: carts,
    from: `status <> 'pending'`,
    to: `status = 'nothing'`,
    test: { file: checkout, name: 'a cancelled checkout links back to the unchanged cart' },
  },
  {
    name: 'paid lines stay in the cart',
    promise: oneCart,
    file: carts,
    from: 'and rest.quantity = 0',
    to: 'and rest.quantity < 0',
    test: { file: checkout, name: 'a cart is reviewed, ordered, paid, and empty afterwards' },
  },
  {
    name: 'a refusal of every route is not documented',
    promise: 'the OpenAPI document lists every refusal',
    file: 'src/http/server.ts',
    from: "const always = ['cross_site', ",
    to: 'const always = [',
    test: { file: 'test/fuzz/fuzz.test.ts', name: 'requests to all routes are answered as documented' },
  },
];
