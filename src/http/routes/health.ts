import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ShopError } from '../../domain/errors.ts';
import type { UnreadyCause } from '../../domain/readiness.ts';
import { operation, problems } from '../schemas.ts';

const well = z.object({ status: z.literal('ok') });

const causes: Readonly<Record<UnreadyCause, string>> = {
  starting: 'The workflows are not running yet.',
  draining: 'This process is about to end.',
  database_away: 'Postgres does not answer.',
  database_read_only: 'Postgres accepts no writes: it is a standby, or set to read-only.',
  disk_full: 'The disk of Postgres is full.',
  schema_older: 'The database has not been migrated for this version (node dist/migrate.js).',
  schema_newer: 'The database was migrated for a version that this one cannot work with.',
  no_heartbeat: 'Postgres has not confirmed a heartbeat of this process for seconds.',
};

/** `GET /healthz`: the process answers. `GET /readyz`: it can take orders; if not, 503 with the cause. */
export const healthRoutes: FastifyPluginAsyncZod<{ checkReady: () => Promise<UnreadyCause | null> }> = async (
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
      const cause = await options.checkReady();
      if (cause !== null) throw new ShopError('unavailable', causes[cause], { cause });
      return { status: 'ok' as const };
    },
  );
};
