import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { findOrderByToken, listHistory, listOrderLines, listOrders } from '../../database/queries/orders.ts';
import { listProducts } from '../../database/queries/products.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxQuantity } from '../../domain/order.ts';
import { orderView } from '../../storefront/order-view.ts';
import { refusalOf } from '../../storefront/refusal.ts';
import type { Renderer } from '../../storefront/render.ts';
import { type OperatorTools, type Refusal, shopView } from '../../storefront/shop-view.ts';
import type { CheckoutAnswer, StartCheckout } from '../../workflows/start-checkout.ts';
import { meanings } from '../errors.ts';
import { leftPending } from '../left-pending.ts';
import { checkoutLimit } from '../limits.ts';
import { cents, checkoutKey, orderToken, sku } from '../schemas.ts';

export interface StorefrontOptions {
  readonly database: Database;
  readonly renderer: Renderer;
  readonly startCheckout: StartCheckout;
  /** Tells a checkout that its shopper cancels; false when there is no such order. */
  readonly askToCancel: (token: string) => Promise<boolean>;
  /** What is offered to everybody in a demonstration without a token; null where the tools are for operators. */
  readonly operatorTools: OperatorTools | null;
  readonly checkoutsPerMinute: number;
}

const recentOrders = 10;

const buyForm = z.object({
  key: checkoutKey,
  sku,
  qty: z.coerce.number().pipe(z.int().min(1).max(maxQuantity)).default(1),
  amount: z.coerce.number().pipe(cents).optional(),
});

const params = z.object({ token: z.string() });

/** The pages (DESIGN §5), and their live parts alone under `/fragments`. */
export const storefrontRoutes: FastifyPluginAsyncZod<StorefrontOptions> = async (server, options) => {
  const { database, renderer } = options;
  const page = { schema: { hide: true } };
  const pageOfOrder = { schema: { hide: true, params } };

  server.get('/', page, async (_request, reply) =>
    sendPage(reply, await renderer.render('shop', { shop: await readShop(options, null) })),
  );
  server.get('/fragments/shop', page, async (_request, reply) =>
    sendPage(reply, await renderer.render('parts/shop-live', { shop: await readShop(options, null) })),
  );
  server.get('/orders/:token', pageOfOrder, async (request, reply) =>
    sendPage(
      reply,
      await renderer.render('order', { order: await readOrder(database, request.params.token) }),
    ),
  );
  server.get('/fragments/orders/:token', pageOfOrder, async (request, reply) =>
    sendPage(
      reply,
      await renderer.render('parts/order-live', { order: await readOrder(database, request.params.token) }),
    ),
  );

  const limit = { config: checkoutLimit(options.checkoutsPerMinute) };
  server.post('/orders/:token/cancel', { ...pageOfOrder, ...limit }, async (request, reply) => {
    const { token } = request.params;
    const known = orderToken.safeParse(token).success && (await options.askToCancel(token));
    if (!known) throw new ShopError('not_found', 'There is no order at this address.');
    await leftPending(() => findOrderByToken(database, token));
    return reply.redirect(`/orders/${token}`, 303);
  });

  server.post(
    '/buy',
    {
      config: checkoutLimit(options.checkoutsPerMinute),
      schema: { hide: true, body: buyForm },
    },
    async (request, reply) => {
      try {
        return reply.redirect(wayOn(await buy(options.startCheckout, request.body)), 303);
      } catch (error) {
        if (!(error instanceof ShopError)) throw error;
        return showRefusal(reply, options, error, request.body);
      }
    },
  );
};

function buy(startCheckout: StartCheckout, { key, sku, qty, amount }: z.infer<typeof buyForm>) {
  return startCheckout({ key, items: [{ sku, qty }], ...(amount !== undefined && { amount }) });
}

function wayOn({ order }: CheckoutAnswer): string {
  const payable = order.status === 'pending' && order.payment_state === 'open';
  return (payable && order.payment_url) || `/orders/${order.token}`;
}

async function showRefusal(
  reply: FastifyReply,
  options: StorefrontOptions,
  error: ShopError,
  bought: z.infer<typeof buyForm>,
): Promise<FastifyReply> {
  const refusal = refusalOf(error, bought, await listProducts(options.database));
  if (!refusal) throw error;
  const html = await options.renderer.render('shop', { shop: await readShop(options, refusal) });
  return sendPage(reply.code(meanings[error.code].status), html);
}

async function readShop({ database, operatorTools }: StorefrontOptions, refusal: Refusal | null) {
  const [products, orders] = await Promise.all([listProducts(database), listOrders(database, recentOrders)]);
  return shopView({ products, orders, operatorTools, refusal, newKey: randomUUID }, new Date());
}

async function readOrder(database: Database, token: string) {
  const order = orderToken.safeParse(token).success ? await findOrderByToken(database, token) : undefined;
  if (!order) throw new ShopError('not_found', 'There is no order at this address.');
  const [lines, history] = await Promise.all([
    listOrderLines(database, order.order_id),
    listHistory(database, order.order_id),
  ]);
  return orderView(order, lines, history, new Date());
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(html);
}
