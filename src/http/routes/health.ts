import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problems } from '../schemas.ts';

const well = z.object({ status: z.literal('ok') });

/** `GET /healthz`: the process answers. `GET /readyz`: it can take orders, so database and workflows answer as well. */
export const healthRoutes: FastifyPluginAsyncZod<{ checkReady: () => Promise<void> }> = async (
  server,
  options,
) => {
  server.get(
    '/healthz',
    {
      schema: {
        tags: ['health'],
        operationId: 'checkHealth',
        summary: 'The process answers',
        response: { 200: well },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  server.get(
    '/readyz',
    {
      schema: {
        tags: ['health'],
        operationId: 'checkReadiness',
        summary: 'The shop can take orders: its database and its workflows answer',
        response: { 200: well, ...problems('unavailable') },
      },
    },
    async () => {
      await options.checkReady();
      return { status: 'ok' as const };
    },
  );
};
