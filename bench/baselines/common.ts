import { createHmac, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { createHttpClient, textOf } from '../http-client.ts';

export type Settings = ReturnType<typeof readSettings>;

/** Reads the environment variables, which have the shop's names (src/config.ts). @throws when one is missing. */
export function readSettings(environment: NodeJS.ProcessEnv) {
  const required = (name: string): string => {
    const value = environment[name];
    if (value === undefined) throw new Error(`${name} is missing.`);
    return value;
  };
  return {
    port: Number(required('PORT')),
    databaseUrl: required('DATABASE_URL'),
    /** Undefined when checkouts call no provider. */
    providerUrl: environment['PAYMENT_SERVICE_URL'],
    webhookSecret: required('STRIPE_WEBHOOK_SECRET'),
    dispatchMs: Number(required('DISPATCH_SECONDS')) * 1000,
  };
}

export interface Item {
  readonly sku: string;
  readonly qty: number;
}

/** The operations behind a baseline's routes. */
export interface Operations {
  /** @returns the payment session's id; undefined when the product is sold out. */
  checkOut(key: string, item: Item): Promise<string | undefined>;
  /** Resolves when the payment is on the disk. */
  acceptPayment(event: PaymentEvent): Promise<void>;
  listProducts(): Promise<readonly { readonly sku: string }[]>;
  restock(sku: string, quantity: number): Promise<void>;
}

const host = '127.0.0.1';

/** Serves the operations on the shop's routes and sends the parent process a message when it listens. */
export async function serve(operations: Operations, { port, webhookSecret }: Settings): Promise<void> {
  const server = Fastify();
  server.post<{ Params: { key: string }; Body: { items: [Item] } }>(
    '/checkout/:key',
    async ({ params, body }, reply) => {
      const paymentId = await operations.checkOut(params.key, body.items[0]);
      if (paymentId === undefined) return reply.code(409).send({ code: 'out_of_stock' });
      // The buyers read the address, but never open it.
      const orderUrl = `http://${host}:${port}/orders/${params.key}`;
      return reply.code(201).send({ payment_id: paymentId, order_url: orderUrl });
    },
  );
  await server.register(async (scope) => registerWebhook(scope, operations, webhookSecret));
  server.get('/products', () => operations.listProducts());
  server.post<{ Body: { sku: string; quantity: number } }>('/restock', async ({ body }) => {
    await operations.restock(body.sku, body.quantity);
    return { sku: body.sku, added: body.quantity };
  });
  await server.listen({ host, port });
  process.send?.('ready');
}

function registerWebhook(server: FastifyInstance, operations: Operations, secret: string): void {
  // The signature covers the raw bytes.
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.post<{ Body: Buffer }>('/payment_webhook', async ({ body, headers }, reply) => {
    const event = verifyEvent(body, String(headers['stripe-signature']), secret);
    if (!event) return reply.code(400).send({ code: 'bad_signature' });
    await operations.acceptPayment(event);
    return reply.code(200).send({ received: true });
  });
}

/** The fields of the provider's event that a baseline reads. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly object: {
      readonly id: string;
      /** The reference that the checkout passed when it opened the session. */
      readonly client_reference_id: string;
      readonly amount_total: number;
      readonly payment_intent: string;
    };
  };
}

/** @returns the event; undefined when its signature is wrong. Ignores its age. */
function verifyEvent(body: Buffer, signature: string, secret: string): PaymentEvent | undefined {
  const time = /(?:^|,)t=(\d+)/.exec(signature)?.[1] ?? '';
  const given = Buffer.from(/(?:^|,)v1=([0-9a-f]{64})/.exec(signature)?.[1] ?? '', 'hex');
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(body.toString()) as PaymentEvent;
}

interface SessionRequest {
  readonly reference: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly currency: string;
}

export type OpenSession = (request: SessionRequest) => Promise<{ readonly id: string; readonly url: string }>;

const connectionsMax = 64;

/** Creates the call that every checkout makes to the provider, over connections that stay open. It is a part of Stripe's API. */
export function createProviderCall(providerUrl: string): OpenSession {
  const client = createHttpClient(providerUrl, connectionsMax);
  return async ({ reference, quantity, priceCents, currency }) => {
    const form = new URLSearchParams({
      mode: 'payment',
      client_reference_id: reference,
      'line_items[0][quantity]': String(quantity),
      'line_items[0][price_data][unit_amount]': String(priceCents),
      'line_items[0][price_data][currency]': currency.toLowerCase(),
    });
    const answer = await client.post('/v1/checkout/sessions', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': `pay_${reference}`,
    });
    return JSON.parse(textOf('A payment session', answer, 200)) as { id: string; url: string };
  };
}
