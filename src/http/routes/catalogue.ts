import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { listOrders } from '../../database/queries/orders.ts';
import { listProducts } from '../../database/queries/products.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxQuantity } from '../../domain/order.ts';
import { refusalOf } from '../../storefront/refusal.ts';
import { type Refusal, shopView } from '../../storefront/shop-view.ts';
import type { CheckoutAnswer, StartCheckout } from '../../workflows/start-checkout.ts';
import { meanings } from '../errors.ts';
import { checkoutLimit } from '../limits.ts';
import type { Pages } from '../pages.ts';
import { cents, checkoutKey, sku } from '../schemas.ts';

export interface CatalogueOptions {
  readonly database: Database;
  readonly pages: Pages;
  readonly startCheckout: StartCheckout;
  readonly checkoutsPerMinute: number;
}

const recentOrders = 10;

const buyForm = z.object({
  key: checkoutKey,
  sku,
  qty: z.coerce.number().pipe(z.int().min(1).max(maxQuantity)).default(1),
  amount: z.coerce.number().pipe(cents).optional(),
});

/** The pages of the products. */
export const catalogueRoutes: FastifyPluginAsyncZod<CatalogueOptions> = async (server, options) => {
  const { pages } = options;
  const page = { schema: { hide: true } };

  server.get('/', page, async (_request, reply) =>
    pages.send(reply, 'shop', { shop: await readShop(options, null) }),
  );
  server.get('/fragments/shop', page, async (_request, reply) =>
    pages.sendPart(reply, 'parts/shop-live', { shop: await readShop(options, null) }),
  );
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
  options: CatalogueOptions,
  error: ShopError,
  bought: z.infer<typeof buyForm>,
): Promise<FastifyReply> {
  const refusal = refusalOf(error, bought, await listProducts(options.database));
  if (!refusal) throw error;
  const shop = await readShop(options, refusal);
  return options.pages.send(reply.code(meanings[error.code].status), 'shop', { shop });
}

async function readShop({ database }: CatalogueOptions, refusal: Refusal | null) {
  const [products, orders] = await Promise.all([listProducts(database), listOrders(database, recentOrders)]);
  return shopView({ products, orders, refusal, newKey: randomUUID }, new Date());
}
