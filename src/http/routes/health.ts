import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { operation, problems } from '../schemas.ts';

const well = z.object({ status: z.literal('ok') });

/** `GET /healthz`: the process answers. `GET /readyz`: it can take orders, so database and workflows answer as well. */
export const healthRoutes: FastifyPluginAsyncZod<{ checkReady: () => Promise<void> }> = async (
  server,
  options,
) => {
  server.get(
    '/healthz',
    operation('health', 'checkHealth', 'The process answers', {
      response: { 200: well },
    }),
    async () => ({ status: 'ok' as const }),
  );

  server.get(
    '/readyz',
    operation('health', 'checkReadiness', 'The shop can take orders: its database and its workflows answer', {
      response: { 200: well, ...problems('unavailable') },
    }),
    async () => {
      await options.checkReady();
      return { status: 'ok' as const };
    },
  );
};
