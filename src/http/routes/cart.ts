import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { type Cart, countCart, readCart } from '../../database/queries/carts.ts';
import { readOrderDetails } from '../../database/queries/order-details.ts';
import { listPendingOrders } from '../../database/queries/orders.ts';
import { findProducts } from '../../database/queries/products.ts';
import { type CartRequest, checkCart } from '../../domain/cart.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxItems, maxQuantity } from '../../domain/limits.ts';
import {
  addedMessage,
  type CartMessage,
  cartView,
  filledMessage,
  removedMessage,
} from '../../storefront/cart-view.ts';
import { cartFaults, cartMessages, cartWords } from '../../storefront/words.ts';
import { cartLimit } from '../limits.ts';
import { type PageServices, wantsPage } from '../pages.ts';
import { anyProblem, orderToken, sku } from '../schemas.ts';

export interface CartOptions extends PageServices {
  readonly addToCart: (
    request: CartRequest & { readonly formKey: string },
  ) => Promise<'added' | 'unknown_product' | 'cart_full'>;
  /** @returns the quantity before */
  readonly setQuantity: (request: CartRequest) => Promise<number>;
  /** Leaves the order as it is that the cart would have changed. @returns its token; undefined when there was none */
  readonly keepOrder: (browserId: string) => Promise<string | undefined>;
}

// Digits only: an empty field is a mistake, not a quantity of 0.
const digits = z
  .string()
  .regex(/^\d{1,6}$/, 'a whole number')
  .transform(Number);
const units = digits.pipe(z.int().min(1).max(maxQuantity));
const formKey = z.string().regex(/^[\w-]{1,64}$/, 'a form key');
// Without a key, each submission adds again.
const addForm = z.object({ sku, qty: units.prefault('1'), key: formKey.default(() => randomUUID()) });
const changeForm = z.object({ qty: digits.pipe(z.int().min(0).max(maxQuantity)) });
const line = z.object({ sku });

// With any other value in the address, the cart shows no message.
const querystring = z.object({
  added: sku.optional().catch(undefined),
  removed: sku.optional().catch(undefined),
  qty: units.optional().catch(undefined),
  filled: orderToken.optional().catch(undefined),
});

type Change = z.infer<typeof querystring>;

// Scripts receive JSON; browsers receive a page.
const inCart = z.object({ units: z.int(), label: z.string() });
const added = inCart.extend({ message: z.string(), short: z.string() });

/** `/cart` and the forms that change it. Every form works without script. */
export const cartRoutes: FastifyPluginAsyncZod<CartOptions> = async (server, options) => {
  const { database, browsers } = options;
  const config = cartLimit((request) => browsers.of(request) !== null);

  server.get('/cart', { schema: { querystring, response: { 200: inCart } } }, async (request, reply) => {
    reply.header('vary', 'accept');
    if (!wantsPage(request)) return sendCount(reply, options);
    return showCart(reply, options, { change: request.query, fault: null });
  });

  const adding = { body: addForm, response: { 200: added, 400: anyProblem } };
  server.post('/cart/lines', { config, schema: adding }, async (request, reply) => {
    const { sku, qty, key } = request.body;
    const browserId = browsers.ensure(request, reply);
    const outcome = await options.addToCart({ browserId, sku, quantity: qty, formKey: key });
    if (outcome === 'unknown_product') throw new ShopError('unknown_product', `There is no product ${sku}.`);
    if (outcome === 'cart_full') {
      if (!wantsPage(request)) throw new ShopError('invalid_input', cartFaults.full(maxItems));
      return showCart(reply.code(400), options, { change: {}, fault: cartFaults.full(maxItems) });
    }
    if (wantsPage(request)) return reply.redirect(`/cart?added=${sku}`, 303);
    return answerAdded(reply, database, browserId, sku);
  });

  server.post(
    '/cart/lines/:sku',
    { config, schema: { params: line, body: z.object({ qty: z.unknown() }) } },
    async (request, reply) => {
      const change = changeForm.safeParse(request.body);
      if (!change.success) {
        return showCart(reply.code(400), options, { change: {}, fault: cartFaults.quantity(maxQuantity) });
      }
      return setQuantity(reply, options, { sku: request.params.sku, quantity: change.data.qty });
    },
  );

  server.post('/cart/lines/:sku/remove', { config, schema: { params: line } }, async (request, reply) =>
    setQuantity(reply, options, { sku: request.params.sku, quantity: 0 }),
  );

  server.post('/cart/keep-order', { config }, async (request, reply) => {
    const browserId = browsers.of(request);
    const token = browserId === null ? undefined : await options.keepOrder(browserId);
    return reply.redirect(token === undefined ? '/cart' : `/orders/${token}`, 303);
  });

  // After a refused form, the browser shows the form's address, and a reload requests it by GET.
  for (const url of ['/cart/keep-order', '/cart/lines', '/cart/lines/:sku', '/cart/lines/:sku/remove']) {
    server.get(url, async (_request, reply) => reply.redirect('/cart', 303));
  }
};

async function setQuantity(
  reply: FastifyReply,
  { browsers, setQuantity: set }: CartOptions,
  { sku, quantity }: { readonly sku: string; readonly quantity: number },
): Promise<FastifyReply> {
  const browserId = browsers.of(reply.request);
  const before = browserId === null ? 0 : await set({ browserId, sku, quantity });
  const removed = quantity === 0 && before > 0;
  return reply.redirect(removed ? `/cart?removed=${sku}&qty=${before}` : '/cart', 303);
}

/** Sends the number of units that a script shows in the header. */
async function sendCount(reply: FastifyReply, { database, browsers }: CartOptions): Promise<FastifyReply> {
  const browserId = browsers.of(reply.request);
  const inCart = browserId === null ? 0 : await countCart(database, browserId);
  return reply.send({ units: inCart, label: cartWords(inCart) });
}

/** The message about the last change, from the address; null when the cart contradicts it, as after a late reload. */
async function messageOf(
  database: Database,
  { added, removed, qty, filled }: Change,
  cart: Cart | undefined,
): Promise<CartMessage | null> {
  if (filled !== undefined) return filledBy(database, filled, cart);
  const about = added ?? removed;
  const line = cart?.lines.find(({ sku }) => sku === about);
  if (about === undefined || (line !== undefined) !== (added !== undefined)) return null;
  if (line) return { text: addedMessage(line).message, undo: null };
  const [product] = await findProducts(database, [about]);
  return product ? removedMessage(cartMessages.removed(product.product), product.sku, qty ?? 1) : null;
}

/** The message about the products of an order that were put into the cart. */
async function filledBy(
  database: Database,
  token: string,
  cart: Cart | undefined,
): Promise<CartMessage | null> {
  const details = await readOrderDetails(database, { token });
  if (!details) return null;
  const products = await findProducts(
    database,
    details.lines.map(({ sku }) => sku),
  );
  const available = new Map(products.map((product) => [product.sku, product.available]));
  const lines = details.lines.map((line) => ({ ...line, available: available.get(line.sku) ?? 0 }));
  return filledMessage(details.order.orderId, lines, cart?.lines ?? []);
}

/** Sends the message that a product form's script shows without leaving the page. */
async function answerAdded(reply: FastifyReply, database: Database, browserId: string, sku: string) {
  const cart = await readCart(database, browserId);
  const inCart = checkCart(cart?.lines ?? []).items.reduce((sum, { qty }) => sum + qty, 0);
  const line = cart?.lines.find((line) => line.sku === sku);
  const said = line ? addedMessage(line) : { message: '', short: '' };
  return reply.send({ units: inCart, label: cartWords(inCart), ...said });
}

async function showCart(
  reply: FastifyReply,
  { database, pages, browsers }: CartOptions,
  { change, fault }: { readonly change: Change; readonly fault: string | null },
): Promise<FastifyReply> {
  const browserId = browsers.of(reply.request);
  const [cart, pending] =
    browserId === null
      ? [undefined, []]
      : await Promise.all([readCart(database, browserId), listPendingOrders(database, browserId)]);
  const key = cart?.checkoutKey ?? '';
  const message = await messageOf(database, change, cart);
  const changes = cart?.changes ?? null;
  const source = { cart: checkCart(cart?.lines ?? []), key, pending, changes, message, fault };
  return pages.send(reply, 'cart', { cart: cartView(source, new Date()) });
}
