import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { OrderWithPayment } from '../../database/queries/orders.ts';
import type { CheckoutAnswer, StartCheckout } from '../../workflows/start-checkout.ts';
import { checkoutLimit } from '../limits.ts';
import { cents, checkoutKey, email, items, problem } from '../schemas.ts';

export interface CheckoutOptions {
  readonly startCheckout: StartCheckout;
  readonly publicUrl: string;
  /** Origin of the local payment service, for the tutorial's two lines; undefined where payments are real. */
  readonly paymentServiceUrl: string | undefined;
  readonly checkoutsPerMinute: number;
}

const body = z
  .strictObject({ items, email: email.optional(), amount: cents.optional() })
  .nullish()
  .describe(
    'Nothing buys one unit of the first product. `amount`: the total that was shown, in minor units.',
  );

const started = z.object({
  order_id: z.int(),
  order_url: z.string(),
  payment_id: z.string().nullable(),
  payment_url: z.string().nullable(),
  total: z.int(),
  currency: z.string(),
  expires_at: z.iso.datetime(),
});

const response = {
  200: z.union([started, z.string()]).describe('The checkout of this key. text/plain: the payment id alone'),
  201: started.describe('This request was the first with its key'),
  202: started.describe('The payment session is not there yet; the order page will show it'),
  400: problem,
  409: problem,
  422: problem,
  429: problem,
  503: problem,
};

/** `POST /checkout/:key` and `POST /checkout`. */
export const checkoutRoutes: FastifyPluginAsyncZod<CheckoutOptions> = async (server, options) => {
  const config = checkoutLimit(options.checkoutsPerMinute);
  const schema = { tags: ['shop'], body, response };

  server.post(
    '/checkout/:key',
    {
      config,
      schema: { ...schema, params: z.object({ key: checkoutKey }), summary: 'Start or find a checkout' },
    },
    async (request, reply) => {
      const answer = await options.startCheckout(wish(request.params.key, request.body));
      if (wantsJson(request)) return sendJson(reply, answer, options.publicUrl);
      return answer.outcome === 'ready'
        ? sendText(reply, answer.order.sessionId ?? '')
        : sendJson(reply, answer, options.publicUrl);
    },
  );

  server.post(
    '/checkout',
    { config, schema: { ...schema, summary: 'Start a checkout with a fresh key' } },
    async (request, reply) => {
      const key = randomUUID();
      const answer = await options.startCheckout(wish(key, request.body));
      if (wantsJson(request) || answer.outcome === 'waiting')
        return sendJson(reply, answer, options.publicUrl);
      return sendText(reply, howToPay(options.paymentServiceUrl, key, answer.order));
    },
  );
};

function wish(key: string, wanted: z.infer<typeof body>) {
  return {
    key,
    items: wanted?.items ?? null,
    ...(wanted?.email !== undefined && { email: wanted.email }),
    ...(wanted?.amount !== undefined && { amount: wanted.amount }),
  };
}

function wantsJson(request: FastifyRequest): boolean {
  return request.accepts().type(['text/plain', 'application/json']) === 'application/json';
}

function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).serializer(String).type('text/plain; charset=utf-8').send(text);
}

function sendJson(reply: FastifyReply, answer: CheckoutAnswer, publicUrl: string): FastifyReply {
  const { order } = answer;
  const address = `${publicUrl}/orders/${order.token}`;
  const status = answer.outcome === 'waiting' ? 202 : answer.first ? 201 : 200;
  return reply.code(status).header('location', address).send(view(order, address));
}

function view(order: OrderWithPayment, address: string): z.infer<typeof started> {
  return {
    order_id: order.orderId,
    order_url: address,
    payment_id: order.sessionId,
    payment_url: order.paymentUrl,
    total: order.totalCents,
    currency: order.currency,
    expires_at: order.holdExpiresAt.toISOString(),
  };
}

/** Where payments are real there is one way to pay: the provider's page. */
function howToPay(paymentServiceUrl: string | undefined, key: string, order: OrderWithPayment): string {
  if (paymentServiceUrl === undefined) return `${order.paymentUrl ?? ''}\n`;
  return paymentCommands(paymentServiceUrl, key, order.sessionId ?? '');
}

/** The first tutorial's answer: two commands to try, which name the checkout's key and session. */
function paymentCommands(paymentServiceUrl: string, key: string, sessionId: string): string {
  const command = (act: string) =>
    `curl -X POST ${paymentServiceUrl}/api/${act} -H "Content-type: application/json" ` +
    `-H "dbos-idempotency-key: ${key}" -d '{"session_id":"${sessionId}"}'`;
  return `Submit payment: ${command('submit_payment')}\nCancel payment: ${command('cancel_payment')}\n`;
}
