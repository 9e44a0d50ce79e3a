import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ServiceContext } from '../context.ts';
import { readBooks } from '../database/books.ts';
import { sendError } from '../http/errors.ts';

const query = z.object({
  after: z
    .string()
    .regex(/^cs_test_\w+$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** The service's own books: who was charged what, without names or addresses. */
export function bookRoutes(context: ServiceContext) {
  return async (server: FastifyInstance): Promise<void> => {
    server.get('/books', async (request, reply) => {
      const parsed = query.safeParse(request.query);
      if (!parsed.success) {
        return sendError(reply, {
          status: 400,
          type: 'invalid_request_error',
          message: 'The parameter "after" is a session, "limit" a number from 1 to 1000.',
        });
      }
      return readBooks(context.sql, parsed.data.after, parsed.data.limit);
    });
  };
}
