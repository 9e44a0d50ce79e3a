import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EventOutcome, PaymentEvent } from '../../domain/payment.ts';
import type { PaymentProvider } from '../../payments/provider.ts';
import { operation, problems } from '../schemas.ts';

export interface PaymentWebhookOptions {
  readonly provider: Pick<PaymentProvider, 'signatureHeader' | 'verifyEvent'>;
  readonly receiveEvent: (event: PaymentEvent) => Promise<EventOutcome | 'known'>;
}

const bodyLimitBytes = 256 * 1024;

/**
 * `POST /payment_webhook`: the provider's signed events. Every signed event is recorded and answered with 200. A
 * database error is answered with 5xx, and the provider tries again.
 */
export const paymentWebhookRoutes: FastifyPluginAsyncZod<PaymentWebhookOptions> = async (
  server,
  { provider, receiveEvent },
) => {
  // The signature is over the bytes as they came, so nothing may parse them first.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  server.post(
    '/payment_webhook',
    {
      bodyLimit: bodyLimitBytes,
      ...operation(
        'payment provider',
        'receivePaymentEvent',
        'Receive a signed event of the payment provider',
        {
          // The raw bytes; a schema with a type would refuse them.
          body: z.unknown().describe('The event as the provider signs it'),
          headers: z.looseObject({ [provider.signatureHeader]: z.string().optional() }),
          response: {
            200: z.object({ received: z.literal(true) }),
            ...problems('bad_signature', 'malformed_body', 'body_too_large', 'unavailable'),
          },
        },
      ),
    },
    async (request) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const signature = request.headers[provider.signatureHeader];
      const message = { rawBody, signature: typeof signature === 'string' ? signature : undefined };
      const event = provider.verifyEvent(message, new Date());
      const outcome = await receiveEvent(event);
      request.log.info({ event: event.id, type: event.type, order: event.orderId, outcome }, 'payment event');
      return { received: true as const };
    },
  );
};
