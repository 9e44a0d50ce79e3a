import { z } from 'zod';
import { type Cursor, type ListSource, type Page, selectPage } from '../database/cursor.ts';
import type { Statement } from '../database/statement.ts';
import { invalidRequest, missing } from './errors.ts';
import { integer, text } from './parameters.ts';

const seconds = integer(0, 99_999_999_999);

const created = z.union([
  z.strictObject({
    gt: seconds.optional(),
    gte: seconds.optional(),
    lt: seconds.optional(),
    lte: seconds.optional(),
  }),
  // A bare number means that very second.
  seconds.transform((second) => ({ gte: second, lte: second })),
]);

/** The parameters that every list takes, and what else this one takes. */
export const listParameters = <More extends z.ZodRawShape>(more: More) =>
  z.strictObject({
    limit: integer(1, 100).default(10),
    starting_after: text(255).optional(),
    ending_before: text(255).optional(),
    created: created.optional(),
    ...more,
  });

/**
 * Reads one page of a list.
 * @throws Refusal when the cursor names nothing, or there are two.
 */
export async function readPage<Row>(
  sql: Statement,
  kind: string,
  source: ListSource,
  cursor: Cursor,
): Promise<Page<Row>> {
  if (cursor.starting_after !== undefined && cursor.ending_before !== undefined) {
    throw invalidRequest('Only one of starting_after and ending_before can be given.', {
      param: 'ending_before',
    });
  }
  const page = await selectPage<Row>(sql, source, cursor);
  if (page !== undefined) return page;
  const param = cursor.starting_after === undefined ? 'ending_before' : 'starting_after';
  throw missing(kind, cursor[param] ?? '', param);
}
