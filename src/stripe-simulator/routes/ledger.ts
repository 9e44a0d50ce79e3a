import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { readLedger } from '../database/ledger.ts';
import { integer, readParameters } from '../http/parameters.ts';

const query = z.object({
  after: z
    .string()
    .regex(/^cs_test_\w+$/, 'The parameter "after" names a session')
    .optional(),
  limit: integer(1, 1_000).default(100),
});

/** The service's own ledger: all money that moved, without names or addresses. */
export function ledgerRoutes(context: SimulatorContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/ledger', async (request) => {
      const { after, limit } = readParameters(query, request.query);
      return readLedger(context.sql, after, limit);
    });
  };
}
