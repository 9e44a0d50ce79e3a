import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ServiceContext } from '../context.ts';
import { readBooks } from '../database/books.ts';
import { integer, readParameters } from '../http/parameters.ts';

const query = z.object({
  after: z
    .string()
    .regex(/^cs_test_\w+$/, 'The parameter "after" names a session')
    .optional(),
  limit: integer(1, 1_000).default(100),
});

/** The service's own books: all money that moved, without names or addresses. */
export function bookRoutes(context: ServiceContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/books', async (request) => {
      const { after, limit } = readParameters(query, request.query);
      return readBooks(context.sql, after, limit);
    });
  };
}
