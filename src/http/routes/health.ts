import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problem } from '../schemas.ts';

const well = z.object({ status: z.literal('ok') });

/** `GET /healthz`: the process answers. `GET /readyz`: it can take orders, database and workflows included. */
export const healthRoutes: FastifyPluginAsyncZod<{ checkReady: () => Promise<void> }> = async (
  server,
  options,
) => {
  server.get(
    '/healthz',
    { schema: { tags: ['health'], summary: 'The process answers', response: { 200: well } } },
    async () => ({ status: 'ok' as const }),
  );

  server.get(
    '/readyz',
    {
      schema: {
        tags: ['health'],
        summary: 'The shop can take orders',
        response: { 200: well, 503: problem },
      },
    },
    async () => {
      await options.checkReady();
      return { status: 'ok' as const };
    },
  );
};
