import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SimulatorContext } from '../context.ts';
import { selectEvent } from '../database/events.ts';
import { missing } from '../http/errors.ts';
import { listParameters, readPage } from '../http/list.ts';
import { readParameters, text } from '../http/parameters.ts';
import { isIdentifier } from '../identifier.ts';
import { listObject } from '../objects.ts';

interface ById {
  Params: { id: string };
}

const retrieval = z.strictObject({});
const listing = listParameters({
  type: text(100).optional(),
  types: z.array(text(100)).min(1).max(20).optional(),
});

/** Events: read and list, delivered or not. */
export function eventRoutes(server: FastifyInstance, context: SimulatorContext): void {
  server.get('/v1/events', async (request) => {
    const { type, types, ...cursor } = readParameters(listing, request.query);
    const source = {
      from: 'events',
      where: [...(type === undefined ? [] : ['type = :type']), ...(types ? ['type = any(:types)'] : [])],
      bindings: { ...(type !== undefined && { type }), ...(types && { types }) },
    };
    const page = await readPage<{ body: string }>(context.sql, 'event', source, cursor);
    const data = page.rows.map(({ body }) => JSON.parse(body) as object);
    return listObject('/v1/events', data, page.hasMore);
  });

  server.get<ById>('/v1/events/:id', async (request) => {
    readParameters(retrieval, request.query);
    const { id } = request.params;
    const body = isIdentifier(id) ? await selectEvent(context.sql, id) : undefined;
    if (body === undefined) throw missing('event', id);
    return JSON.parse(body) as object;
  });
}
