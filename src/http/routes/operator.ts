import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Restocked, SupplyRequest } from '../../database/tables.ts';
import { ShopError } from '../../domain/errors.ts';
import { admitOperators } from '../operators.ts';
import { checkoutKey, problem, sentence, sku } from '../schemas.ts';
import { wantsPage } from '../server.ts';

export interface OperatorOptions {
  /** Undefined leaves the routes open, as in a demonstration. */
  readonly operatorToken: string | undefined;
  readonly crashable: boolean;
  readonly raiseToRestockLevel: (request: SupplyRequest) => Promise<Restocked[]>;
  readonly addStock: (
    request: SupplyRequest & Delivery,
  ) => Promise<Restocked[] | 'unknown_product' | 'key_reused'>;
}

const largestDelivery = 100_000;

const delivery = z.strictObject({
  sku,
  quantity: z.int().min(1).max(largestDelivery),
  reason: sentence,
});

type Delivery = z.infer<typeof delivery>;

/** `POST /restock` and `POST /crash_application`: for operators. */
export const operatorRoutes: FastifyPluginAsyncZod<OperatorOptions> = async (server, options) => {
  await admitOperators(server, options.operatorToken);

  server.post(
    '/restock',
    {
      schema: {
        tags: ['operator'],
        summary: 'Raise the stock to its restock level, or add a delivery',
        headers: z.looseObject({ 'idempotency-key': checkoutKey.optional() }),
        body: delivery
          .nullish()
          .describe('Nothing raises every product to its restock level and lowers none'),
        response: {
          200: z.object({ restocked: z.array(z.object({ sku: z.string(), added: z.int() })) }),
          400: problem,
          401: problem,
          422: problem,
        },
      },
    },
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
      { schema: { tags: ['demonstration'], summary: 'End the process that answers, as by kill -9' } },
      () => process.kill(process.pid, 'SIGKILL'),
    );
  }
};
