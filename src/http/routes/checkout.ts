import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CheckoutAnswer, StartCheckout } from '../../checkout/start-checkout.ts';
import type { OrderWithPayment } from '../../database/queries/orders.ts';
import { type KeyRule, storedKeyOf } from '../../domain/checkout-key.ts';
import { longestCode, readCode } from '../../domain/discount.ts';
import { ShopError } from '../../domain/errors.ts';
import { buyerDetailsOf } from '../../domain/order.ts';
import type { FailureLimit } from '../../shared/failure-limit.ts';
import type { Browsers } from '../browsers.ts';
import { clientAddressOf } from '../client-address.ts';
import { checkoutLimit } from '../limits.ts';
import { sendText } from '../pages.ts';
import {
  buyerDetails,
  cents,
  checkoutKey,
  deliveryMethod,
  items,
  operation,
  postalAddress,
  problems,
  response,
  timestamp,
} from '../schemas.ts';

export interface CheckoutOptions {
  readonly startCheckout: StartCheckout;
  readonly browsers: Browsers;
  readonly checkoutKeys: KeyRule;
  readonly publicUrl: string;
  /** Origin of the local payment service, for the tutorial's two lines; undefined where payments are real. */
  readonly paymentServiceUrl: string | undefined;
  readonly checkoutsPerMinute: number;
  readonly codeGuesses: FailureLimit;
}

const body = z
  .strictObject({
    items,
    ...buyerDetails,
    delivery: z
      .strictObject({ method: deliveryMethod, address: postalAddress.optional() })
      .optional()
      .describe('Without one, the order is collected at the shop'),
    discount_code: z
      .string()
      .max(longestCode)
      .optional()
      .describe('Lowers the price; spaces and lower case are ignored'),
    amount: cents
      .optional()
      .describe('The total that the buyer has seen, with delivery, discount and tax, in minor units'),
  })
  .meta({ examples: [{ items: [{ sku: 'bell', qty: 1 }], email: 'ada@example.com' }] })
  .nullish()
  .describe('Without a body, the checkout orders one unit of the first product.');

const started = z
  .object({
    order_id: z.int(),
    order_url: z.string(),
    payment_id: z.string().nullable(),
    payment_url: z.string().nullable(),
    total: z.int().describe('Minor units'),
    currency: z.string(),
    expires_at: timestamp.describe('The end of the hold'),
  })
  .meta({
    id: 'Checkout',
    description: 'An order that waits for its payment',
    examples: [
      {
        order_id: 1,
        order_url: 'http://localhost:3000/orders/q0MGQ0bMfM2z1m2Ws3LkYw',
        payment_id: 'cs_test_a1b2c3',
        payment_url: 'http://localhost:8086/pay/cs_test_a1b2c3',
        total: 8900,
        currency: 'USD',
        expires_at: '2026-11-26T14:32:00.000Z',
      },
    ],
  });

const negotiation =
  'Answers with JSON when `Accept` prefers it, and when a request with a JSON body states no preference. Otherwise the answer is plain text as soon as the payment session is open.';

const weakKey =
  'A checkout key needs at least 16 characters that nobody can guess. Use a new UUID for each order, from uuidgen or crypto.randomUUID().';

const startedResponses = {
  201: response('The request was the first with its key', started),
  202: response('The payment session is not open yet; the order page will link to it', started),
  ...problems(
    'invalid_input',
    'malformed_body',
    'unknown_product',
    'out_of_stock',
    'price_changed',
    'hold_limit',
    'delivery_unavailable',
    'code_unavailable',
    'payment_unavailable',
    'key_reused',
    'weak_key',
    'rate_limited',
    'unavailable',
    'timeout',
  ),
};

/** `POST /checkout/:key` and `POST /checkout`. */
export const checkoutRoutes: FastifyPluginAsyncZod<CheckoutOptions> = async (server, options) => {
  const { startCheckout, publicUrl, paymentServiceUrl } = options;
  const config = checkoutLimit(options.checkoutsPerMinute);
  const shared = { description: negotiation, body };
  const answer = async (
    reply: FastifyReply,
    key: string,
    sent: z.infer<typeof body>,
    toText: (order: OrderWithPayment) => string,
  ) => {
    const { request } = reply;
    const browserId = options.browsers.of(request);
    const storedKey = storedKeyOf(options.checkoutKeys, key, browserId);
    if (storedKey === null) throw new ShopError('weak_key', weakKey);
    const network = clientAddressOf(request.ip);
    const discountCode = codeOf(reply, sent?.discount_code, options.codeGuesses);
    const started = await startCheckout({
      key: storedKey,
      items: sent?.items ?? null,
      buyer: buyerDetailsOf(sent ?? {}),
      delivery: sent?.delivery && { method: sent.delivery.method, address: sent.delivery.address ?? null },
      discountCode,
      amount: sent?.amount,
      client: { network, browserId },
    }).catch((error: unknown) => {
      if (isGuess(error)) options.codeGuesses.record(network);
      throw error;
    });
    if (wantsJson(request) || started.outcome === 'waiting') return sendJson(reply, started, publicUrl);
    return sendText(reply, 'text/plain', toText(started.order));
  };

  server.post(
    '/checkout/:key',
    {
      config,
      ...operation('shop', 'checkout', 'Start the checkout of a key, or find it', {
        ...shared,
        params: z.object({ key: checkoutKey }),
        response: {
          200: {
            description: 'JSON: the checkout of an earlier request. Plain text: the payment id',
            content: {
              'text/plain': { schema: z.string().meta({ examples: ['cs_test_a1b2c3'] }) },
              'application/json': { schema: started },
            },
          },
          ...startedResponses,
        },
      }),
    },
    (request, reply) => answer(reply, request.params.key, request.body, ({ sessionId }) => sessionId ?? ''),
  );

  server.post(
    '/checkout',
    {
      config,
      ...operation('shop', 'checkoutWithFreshKey', 'Start a checkout with a fresh key', {
        ...shared,
        response: {
          200: response('Two commands, to pay and to cancel', z.string(), 'text/plain'),
          ...startedResponses,
        },
      }),
    },
    (request, reply) => {
      const key = randomUUID();
      return answer(reply, key, request.body, (order) => howToPay(paymentServiceUrl, key, order));
    },
  );
};

/**
 * Reads a discount code.
 * @throws ShopError `rate_limited` when too many guesses came from the address
 */
function codeOf(reply: FastifyReply, typed = '', guesses: FailureLimit): string | null {
  const code = readCode(typed);
  const waitSeconds = code === null ? 0 : guesses.blockedSeconds(clientAddressOf(reply.request.ip));
  if (waitSeconds === 0) return code;
  reply.header('retry-after', waitSeconds);
  throw new ShopError('rate_limited', 'Too many discount codes were tried from this address.');
}

/** Whether the refusal of a checkout tells that a discount code does not exist, or that an e-mail address has used it. */
function isGuess(error: unknown): boolean {
  const { fault } = error instanceof ShopError ? error.details : {};
  return fault === 'unknown_code' || fault === 'code_used_by_you';
}

/** Without a preference in `Accept`, the answer to a JSON body is JSON. The tutorials send no body, and expect text. */
function wantsJson(request: FastifyRequest): boolean {
  const sendsJson = request.body && request.headers['content-type']?.startsWith('application/json');
  const types = ['text/plain', 'application/json'];
  return request.accepts().type(sendsJson ? types.toReversed() : types) === 'application/json';
}

function sendJson(reply: FastifyReply, answer: CheckoutAnswer, publicUrl: string): FastifyReply {
  const { order } = answer;
  const address = `${publicUrl}/orders/${order.token}`;
  const status = answer.outcome === 'waiting' ? 202 : answer.first ? 201 : 200;
  const view: z.infer<typeof started> = {
    order_id: order.orderId,
    order_url: address,
    payment_id: order.sessionId,
    payment_url: order.paymentUrl,
    total: order.totalCents,
    currency: order.currency,
    expires_at: order.holdExpiresAt.toISOString(),
  };
  return reply.code(status).header('location', address).send(view);
}

/** The first tutorial's two commands, to pay and to cancel; where payments are real, the address of the payment page. */
function howToPay(paymentServiceUrl: string | undefined, key: string, order: OrderWithPayment): string {
  if (paymentServiceUrl === undefined) return `${order.paymentUrl ?? ''}\n`;
  const command = (act: string) =>
    `curl -X POST ${paymentServiceUrl}/api/${act} -H "Content-type: application/json" ` +
    `-H "dbos-idempotency-key: ${key}" -d '{"session_id":"${order.sessionId ?? ''}"}'`;
  return `Submit payment: ${command('submit_payment')}\nCancel payment: ${command('cancel_payment')}\n`;
}
