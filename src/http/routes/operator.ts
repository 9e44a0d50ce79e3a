import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Restocked, SupplyRequest } from '../../database/tables.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxDelivery } from '../../domain/limits.ts';
import { wantsPage } from '../pages.ts';
import { checkoutKey, operation, problems, reasonText, sku } from '../schemas.ts';

export interface OperatorOptions {
  readonly crashable: boolean;
  readonly raiseToRestockLevel: (request: SupplyRequest) => Promise<Restocked[]>;
  readonly addStock: (
    request: SupplyRequest & Delivery,
  ) => Promise<Restocked[] | 'unknown_product' | 'key_reused'>;
}

const delivery = z.strictObject({
  sku,
  quantity: z.int().min(1).max(maxDelivery),
  reason: reasonText,
});

type Delivery = z.infer<typeof delivery>;

/** `POST /restock` and `POST /crash_application`: for operators. */
export const operatorRoutes: FastifyPluginAsyncZod<OperatorOptions> = async (server, options) => {
  server.post(
    '/restock',
    operation('operator', 'restock', 'Raise the stock to its restock level, or add a delivery', {
      headers: z.looseObject({ 'idempotency-key': checkoutKey.optional() }),
      body: delivery
        .meta({ examples: [{ sku: 'bell', quantity: 25, reason: 'Delivery of 26 November' }] })
        .nullish()
        .describe('Without a body, every product below its restock level is raised to it; held units count.'),
      response: {
        200: z.object({ restocked: z.array(z.object({ sku: z.string(), added: z.int() })) }),
        303: z.undefined().describe('The form of a browser is redirected to the catalogue'),
        ...problems('invalid_input', 'malformed_body', 'unknown_product', 'key_reused'),
      },
    }),
    async (request, reply) => {
      const asked = { requestKey: request.headers['idempotency-key'] ?? randomUUID(), actor: 'operator' };
      if (!request.body) {
        const restocked = await options.raiseToRestockLevel(asked);
        // The demonstration's button without script: the stock shows there.
        return wantsPage(request) ? reply.redirect('/', 303) : { restocked };
      }
      const restocked = await options.addStock({ ...asked, ...request.body });
      if (restocked === 'unknown_product') {
        throw new ShopError('unknown_product', `There is no product ${request.body.sku}.`);
      }
      if (restocked === 'key_reused') {
        throw new ShopError('key_reused', 'This idempotency key belongs to another delivery.');
      }
      return { restocked };
    },
  );

  if (options.crashable) {
    server.post(
      '/crash_application',
      operation('demonstration', 'crash', 'Kill the process that answers, as by kill -9', {
        description: 'The connection ends without an answer.',
        response: {},
      }),
      () => process.kill(process.pid, 'SIGKILL'),
    );
  }
};
