import type { Statement } from './statement.ts';

/** Which part of a list a caller wants, newest first, in Stripe's names. */
export interface Cursor {
  readonly limit: number;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
  /** In whole seconds. */
  readonly created?: Partial<Record<'gt' | 'gte' | 'lt' | 'lte', number | undefined>> | undefined;
}

/** What is listed: a table or a query in brackets with `id`, `position` and `created_at`. */
export interface ListSource {
  readonly from: string;
  readonly where: readonly string[];
  readonly bindings: Readonly<Record<string, string | string[]>>;
}

export interface Page<Row> {
  readonly rows: Row[];
  readonly hasMore: boolean;
}

const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Reads one page. Undefined: the cursor names nothing. */
export async function selectPage<Row>(
  sql: Statement,
  { from, where, bindings }: ListSource,
  cursor: Cursor,
): Promise<Page<Row> | undefined> {
  const edge = cursor.starting_after ?? cursor.ending_before;
  const backwards = cursor.ending_before !== undefined;
  const position = edge === undefined ? undefined : await positionOf(sql, from, edge);
  if (edge !== undefined && position === undefined) return undefined;

  const created = Object.entries(cursor.created ?? {}).filter(([, seconds]) => seconds !== undefined);
  const conditions = [
    'true',
    ...where,
    ...(position === undefined ? [] : [`position ${backwards ? '>' : '<'} :position`]),
    ...created.map(
      ([name]) =>
        `floor(extract(epoch from created_at)) ${comparisons[name as keyof typeof comparisons]} :${name}`,
    ),
  ];
  const rows = await sql<Row>(
    `select * from ${from} as item where ${conditions.join(' and ')}
     order by position ${backwards ? 'asc' : 'desc'} limit :limit`,
    {
      ...bindings,
      ...(Object.fromEntries(created) as Record<string, number>),
      ...(position !== undefined && { position }),
      limit: cursor.limit + 1,
    },
  );
  const page = rows.slice(0, cursor.limit);
  return { rows: backwards ? page.toReversed() : page, hasMore: rows.length > cursor.limit };
}

async function positionOf(sql: Statement, from: string, id: string): Promise<string | undefined> {
  const rows = await sql<{ position: string }>(`select position from ${from} as item where id = :id`, { id });
  return rows[0]?.position;
}
