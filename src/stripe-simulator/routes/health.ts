import type { FastifyInstance } from 'fastify';
import type { SimulatorContext } from '../context.ts';

/** 200 when the service can do its work, 503 while Postgres is away. */
export function healthRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/healthz', async () => {
      await context.sql('select 1');
      return { status: 'ok' };
    });
  };
}
