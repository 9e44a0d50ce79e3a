import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Statement } from '../../shared/statement.ts';
import type { SimulatorContext } from '../transaction.ts';
import { invalidRequest, missing } from './errors.ts';
import { integer, readParameters, text } from './parameters.ts';

/** A list of the API, newest first. */
export interface List<Row> {
  readonly kind: string;
  /** A table, or a query in parentheses, with `id`, `position` and `created_at`. */
  readonly from: string;
  /** The parameters of this list alone, and the condition that each adds. */
  readonly filters: Readonly<Record<string, Filter>>;
  readonly show: (row: Row) => object;
}

interface Filter {
  readonly schema: z.ZodType<string | string[] | undefined>;
  readonly condition: string;
}

const seconds = integer(0, 99_999_999_999);
const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const created = z.union([
  z.strictObject({
    gt: seconds.optional(),
    gte: seconds.optional(),
    lt: seconds.optional(),
    lte: seconds.optional(),
  }),
  // A bare number selects that second.
  seconds.transform((second) => ({ gte: second, lte: second })),
]);
const cursor = z.object({
  limit: integer(1, 100).default(10),
  starting_after: text(255).optional(),
  ending_before: text(255).optional(),
  created: created.default({}),
});

/** Adds the route of a list. */
export function listRoute<Row>(
  server: FastifyInstance,
  { sql }: SimulatorContext,
  url: string,
  list: List<Row>,
): void {
  const schemas = Object.entries(list.filters).map(([name, { schema }]) => [name, schema] as const);
  const filters = z.object(Object.fromEntries(schemas));
  const parameters = z.strictObject({ ...cursor.shape, ...filters.shape });
  server.get(url, async (request) => {
    const given = readParameters(parameters, request.query);
    const page = await selectPage(sql, list, cursor.parse(given), filters.parse(given));
    return { object: 'list', url, has_more: page.hasMore, data: page.rows.map(list.show) };
  });
}

async function selectPage<Row>(
  sql: Statement,
  { kind, from, filters }: List<Row>,
  { limit, starting_after: after, ending_before: before, created }: z.output<typeof cursor>,
  given: Readonly<Record<string, string | string[] | undefined>>,
): Promise<{ rows: Row[]; hasMore: boolean }> {
  if (after !== undefined && before !== undefined) {
    const message = 'Only one of starting_after and ending_before can be given.';
    throw invalidRequest(message, { param: 'ending_before' });
  }
  const conditions = [
    'true',
    ...Object.keys(given).map((name) => filters[name]?.condition),
    ...Object.keys(created).map(
      (name) =>
        `floor(extract(epoch from created_at)) ${comparisons[name as keyof typeof comparisons]} :${name}`,
    ),
  ];
  const bindings: Record<string, string | string[] | number> = { limit: limit + 1 };
  for (const [name, value] of Object.entries({ ...given, ...created })) {
    if (value !== undefined) bindings[name] = value;
  }
  const edge = after ?? before;
  if (edge !== undefined) {
    const [row] = await sql<{ position: number }>(`select position from ${from} as item where id = :edge`, {
      edge,
    });
    if (!row) throw missing(kind, edge, after === undefined ? 'ending_before' : 'starting_after');
    conditions.push(`position ${after === undefined ? '>' : '<'} :position`);
    bindings['position'] = row.position;
  }
  const rows = await sql<Row>(
    `select * from ${from} as item where ${conditions.join(' and ')}
     order by position ${before === undefined ? 'desc' : 'asc'} limit :limit`,
    bindings,
  );
  const page = rows.slice(0, limit);
  return { rows: before === undefined ? page : page.toReversed(), hasMore: rows.length > limit };
}
