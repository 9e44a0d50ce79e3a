import Fastify, { type FastifyInstance } from 'fastify';
import { type PaymentEvent, verifyEvent } from './payment-event.ts';
import type { Settings } from './settings.ts';

export interface Item {
  readonly sku: string;
  readonly qty: number;
}

/** What a baseline does behind the addresses that the buyers use. */
export interface Store {
  /** @returns what the buyer pays by; undefined when the product is sold out. */
  checkOut(key: string, item: Item): Promise<string | undefined>;
  /** Resolves when the payment is safe. */
  acceptPayment(event: PaymentEvent): Promise<void>;
  listProducts(): Promise<readonly { readonly sku: string }[]>;
  restock(sku: string, quantity: number): Promise<void>;
}

const host = '127.0.0.1';

/** Serves a store and tells the parent process when it answers. */
export async function serve(store: Store, { port, webhookSecret }: Settings): Promise<void> {
  const server = Fastify();
  server.post<{ Params: { key: string }; Body: { items: [Item] } }>(
    '/checkout/:key',
    async ({ params, body }, reply) => {
      const paymentId = await store.checkOut(params.key, body.items[0]);
      if (paymentId === undefined) return reply.code(409).send({ code: 'out_of_stock' });
      // The buyers want to know where the order would be shown. Nobody looks there.
      return reply
        .code(201)
        .send({ payment_id: paymentId, order_url: `http://${host}:${port}/orders/${params.key}` });
    },
  );
  await server.register(async (scope) => registerWebhook(scope, store, webhookSecret));
  server.get('/products', () => store.listProducts());
  server.post<{ Body: { sku: string; quantity: number } }>('/restock', async ({ body }) => {
    await store.restock(body.sku, body.quantity);
    return { sku: body.sku, added: body.quantity };
  });
  await server.listen({ host, port });
  process.send?.('ready');
}

function registerWebhook(server: FastifyInstance, store: Store, secret: string): void {
  // The signature is over the bytes as they came.
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.post<{ Body: Buffer }>('/payment_webhook', async ({ body, headers }, reply) => {
    const event = verifyEvent(body, String(headers['stripe-signature']), secret);
    if (!event) return reply.code(400).send({ code: 'bad_signature' });
    await store.acceptPayment(event);
    return reply.code(200).send({ received: true });
  });
}
