import type { Statement } from './statement.ts';

/** An answer that can be given again word for word. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

export type OnceResult =
  | { readonly outcome: 'first' | 'replayed'; readonly answer: Answer }
  | { readonly outcome: 'other_parameters' };

interface KeyRow {
  request_hash: string;
  status: number;
  body: object;
}

/**
 * Gives one idempotency key one effect, for ever: the key, the effect and the answer commit together, and a second
 * request waits for the first one's commit. A refusal is not kept, so the key may ask again with better parameters.
 */
export async function answerOnce(
  sql: Statement,
  request: { readonly key: string; readonly hash: string },
  effect: () => Promise<Answer>,
): Promise<OnceResult> {
  const inserted = await sql(
    `insert into idempotency_keys (key, request_hash) values (:key, :hash) on conflict do nothing returning key`,
    request,
  );
  if (inserted.length === 0) return replay(sql, request);
  const answer = await effect();
  if (answer.status < 400) {
    await sql('update idempotency_keys set status = :status, body = :body where key = :key', {
      key: request.key,
      status: answer.status,
      body: JSON.stringify(answer.body),
    });
  } else {
    await sql('delete from idempotency_keys where key = :key', { key: request.key });
  }
  return { outcome: 'first', answer };
}

async function replay(sql: Statement, request: { key: string; hash: string }): Promise<OnceResult> {
  const rows = await sql<KeyRow>('select request_hash, status, body from idempotency_keys where key = :key', {
    key: request.key,
  });
  const row = rows[0];
  if (row === undefined) throw new Error('The idempotency key vanished');
  if (row.request_hash !== request.hash) return { outcome: 'other_parameters' };
  return { outcome: 'replayed', answer: { status: row.status, body: row.body } };
}
