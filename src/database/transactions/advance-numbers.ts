import type { Statement } from '../../shared/statement.ts';

/** The highest numbers in use, of orders and of refunds; 0 for none. */
export interface HighestNumbers {
  readonly orderId: number;
  readonly refundId: number;
}

/**
 * Advances the numbers of orders and refunds past those in use at the provider, never backwards. The caller's transaction keeps
 * others from drawing a number until it ends, so that shops may run meanwhile.
 * @returns the last numbers that are taken now
 */
export async function advanceNumbers(sql: Statement, highest: HighestNumbers): Promise<HighestNumbers> {
  await sql('lock table orders, refunds in share row exclusive mode');
  return {
    orderId: await advance(sql, 'orders_order_id_seq', highest.orderId),
    refundId: await advance(sql, 'refunds_refund_id_seq', highest.refundId),
  };
}

async function advance(
  sql: Statement,
  sequence: 'orders_order_id_seq' | 'refunds_refund_id_seq',
  highest: number,
): Promise<number> {
  const [drawn] = await sql<{ last: number }>(
    `select case when is_called then last_value else last_value - 1 end as last from ${sequence}`,
  );
  const last = drawn?.last ?? 0;
  if (highest <= last) return last;
  await sql(`select setval('${sequence}', :highest)`, { highest });
  return highest;
}
