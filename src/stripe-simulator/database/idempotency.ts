import type { Statement } from './statement.ts';

/** An answer that can be given again word for word. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

export type OnceResult =
  | { readonly outcome: 'first' | 'replayed'; readonly answer: Answer }
  | { readonly outcome: 'other_parameters' | 'in_use' };

interface KeyRow {
  request_hash: string;
  status: number;
  body: object;
}

/**
 * Gives one idempotency key one effect, for ever: the key, the effect and the answer commit together, a failure (500)
 * like a success. A refusal is thrown and leaves the key free, so it may ask again with better parameters. While one
 * request runs, a second with its key is told so; the lock ends with the transaction, however that ends.
 */
export async function answerOnce(
  sql: Statement,
  request: { readonly key: string; readonly hash: string },
  effect: () => Promise<Answer>,
): Promise<OnceResult> {
  const [lock] = await sql<{ taken: boolean }>(
    'select pg_try_advisory_xact_lock(hashtextextended(:key, 0)) as taken',
    { key: request.key },
  );
  if (lock?.taken !== true) return { outcome: 'in_use' };
  const rows = await sql<KeyRow>('select request_hash, status, body from idempotency_keys where key = :key', {
    key: request.key,
  });
  if (rows[0] !== undefined) return replay(rows[0], request.hash);
  const answer = await effect();
  await sql(
    'insert into idempotency_keys (key, request_hash, status, body) values (:key, :hash, :status, :body)',
    { ...request, status: answer.status, body: JSON.stringify(answer.body) },
  );
  return { outcome: 'first', answer };
}

function replay(row: KeyRow, hash: string): OnceResult {
  if (row.request_hash !== hash) return { outcome: 'other_parameters' };
  return { outcome: 'replayed', answer: { status: row.status, body: row.body } };
}
