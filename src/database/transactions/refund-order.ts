import { allowedFrom } from '../../domain/order.ts';
import {
  decideRefund,
  leftToRefund,
  lowerToLeft,
  priceRefund,
  type RefundParts,
  type RefundReason,
  type RefundRequest,
  type RefusedRefund,
  unitsToReturn,
  unitsToStop,
} from '../../domain/refund.ts';
import { minorUnitsOf } from '../../shared/currencies.ts';
import { inTransaction, lockName, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { enqueueWorkflow } from '../outbox.ts';
import { readRefundable } from '../queries/refundable.ts';
import type { RefundRow } from '../tables.ts';
import { transaction } from '../transaction.ts';
import { raiseAttention, resolveAttention } from './attention.ts';
import { planEmail } from './emails.ts';
import { type LockedPayment, lockPayment } from './lock-payment.ts';
import { returnStock } from './release-stock.ts';
import { stopShipping } from './ship-order.ts';

/**
 * Promises a refund and starts the workflow that makes it, in one commit. A repetition with the same key changes nothing.
 * @returns the refund in its present state, or the reason for the refusal
 */
export function requestRefund(
  database: Database,
  request: RefundRequest,
): Promise<RefundRow | RefusedRefund> {
  return inTransaction(database, async (sql) => {
    await lockName(sql, request.requestKey);
    const payment = await lockPayment(sql, request.orderId);
    if (!payment) return { refused: 'unknown_order', refundableCents: 0, stepCents: 1 };
    const limits = { refundableCents: leftToRefund(payment), stepCents: minorUnitsOf(payment.currency).step };
    const [known] = await sql<RefundRow>('select * from refunds where request_key = :requestKey', {
      requestKey: request.requestKey,
    });
    const { lines, delivery } = request;
    const isByLines = lines !== undefined || delivery === true;
    const asked = JSON.stringify([
      request.amountCents ?? null,
      request.restock ?? null,
      request.reason,
      ...(isByLines ? [lines ?? [], delivery ?? false] : []),
    ]);
    if (known) {
      const isReplay = known.orderId === request.orderId && known.request === asked;
      return isReplay ? known : { refused: 'key_reused', ...limits };
    }
    const order = isByLines ? await readRefundable(sql, request.orderId) : undefined;
    const priced = order ? priceRefund(order, request, payment.currency) : null;
    if (priced === 'too_many_units') return { refused: priced, ...limits };
    const parts = order && priced ? lowerToLeft(order, priced, limits.refundableCents) : null;
    const terms = parts ? { ...request, amountCents: parts.amountCents } : request;
    const decision = decideRefund(terms, { ...payment, live: false });
    if (typeof decision === 'string') return { refused: decision, ...limits };
    const shippedToo = request.restock === true;
    const all = shippedToo ? 'all' : 'left';
    const back = order && parts ? unitsToReturn(order, parts, { full: decision.full, shippedToo }) : all;
    return promiseRefund(sql, payment, {
      ...request,
      amountCents: decision.amountCents,
      back: decision.restock ? back : null,
      parts,
      reason: 'operator',
      note: request.reason,
      request: asked,
    });
  });
}

interface PromisedRefund {
  readonly amountCents: number;
  /** The units that go back into stock; null is none. */
  readonly back: Parameters<typeof returnStock>[2] | null;
  /** The units and the delivery that it is for; null for an amount. */
  readonly parts: RefundParts | null;
  readonly reason: RefundReason;
  /** The operator's words, with the reason `operator` only. */
  readonly note?: string;
  readonly actor: string;
  readonly requestKey: string;
  /** The request of an operator, to compare a repetition with. */
  readonly request?: string;
}

/**
 * Writes a refund down as due and starts the workflow that makes it, in the caller's transaction. One without an amount is made with that,
 * and has no message, but answers the request of its buyer.
 */
export async function promiseRefund(
  sql: Statement,
  payment: LockedPayment,
  refund: PromisedRefund,
): Promise<RefundRow> {
  const { orderId } = payment;
  const { parts, back } = refund;
  if (back) await returnStock(sql, orderId, back);
  await countRefund(sql, payment, refund.amountCents);
  const row = await insertRefund(sql, orderId, refund, refund.amountCents === 0 ? 'made' : 'due');
  if (parts) {
    await insertParts(sql, row.refundId, parts);
    await stopShipping(sql, orderId, unitsToStop(parts));
  }
  if (row.state === 'due') await enqueueWorkflow(sql, 'refund', row.refundId);
  else await answerRequest(sql, row);
  return row;
}

/**
 * Counts a promised refund. A fully refunded payment becomes `refund_due`, which prevents the dispatch of its order, and what is not shipped
 * is stopped.
 * @throws when the payment is not as it was read, which a lock rules out
 */
export async function countRefund(
  sql: Statement,
  { orderId, state, refundedCents, amountCents: paidCents }: LockedPayment,
  amountCents: number,
): Promise<void> {
  const counted = await sql(
    `update payments set refunded_cents = refunded_cents + :amountCents, updated_at = now(),
       state = case when refunded_cents + :amountCents = amount_cents then 'refund_due' else state end
     where order_id = :orderId and state = :state and refunded_cents = :refundedCents returning order_id`,
    { orderId, state, refundedCents, amountCents },
  );
  if (counted.length !== 1) throw new Error(`The payment of order ${orderId} was not ${state}.`);
  if (refundedCents + amountCents === paidCents) await stopShipping(sql, orderId);
}

/** Inserts a refund and its entry in the order's history. */
export async function insertRefund(
  sql: Statement,
  orderId: number,
  refund: Pick<PromisedRefund, 'amountCents' | 'reason' | 'note' | 'actor' | 'requestKey' | 'request'>,
  state: RefundRow['state'],
): Promise<RefundRow> {
  const [row] = await sql<RefundRow>(
    `with refund as (
       insert into refunds (order_id, amount_cents, reason, note, actor, request_key, request, state, made_at)
       values (:orderId, :amountCents, :reason, :note, :actor, :requestKey, :request, :state, case cast(:state as text) when 'made' then now() end)
       returning *
     ), history as (
       insert into order_history (order_id, what, detail)
       select order_id, 'refund_' || state, jsonb_build_object('refund_id', refund_id, 'amount_cents', amount_cents) from refund
     )
     select * from refund`,
    {
      orderId,
      amountCents: refund.amountCents,
      reason: refund.reason,
      note: refund.note ?? null,
      actor: refund.actor,
      requestKey: refund.requestKey,
      request: refund.request ?? null,
      state,
    },
  );
  if (!row) throw new Error(`The refund of order ${orderId} was not inserted.`);
  return row;
}

async function insertParts(sql: Statement, refundId: number, parts: RefundParts): Promise<void> {
  await sql(
    `with delivery as (
       update refunds set for_delivery_cents = :deliveryCents, for_delivery_tax_cents = :deliveryTaxCents where refund_id = :refundId
     )
     insert into refund_lines (refund_id, product_id, quantity, amount_cents, tax_cents)
     select :refundId, "productId", quantity, "amountCents", "taxCents" from json_to_recordset(cast(:lines as json))
       as line ("productId" integer, quantity integer, "amountCents" integer, "taxCents" integer)`,
    {
      refundId,
      deliveryCents: parts.deliveryCents,
      deliveryTaxCents: parts.deliveryTaxCents,
      lines: JSON.stringify(parts.lines),
    },
  );
}

/** A refund that the provider has to make. */
export interface DueRefund {
  readonly refundId: number;
  readonly orderId: number;
  readonly amountCents: number;
  readonly transactionId: string;
}

/** The first step of a refund: reads it; null when it is made already. */
export const readDueRefund = transaction(
  'readDueRefund',
  async (sql, refundId: number): Promise<DueRefund | null> => {
    const [due] = await sql<DueRefund>(
      `select refund_id, order_id, refunds.amount_cents, transaction_id
       from refunds join payments using (order_id) where refund_id = :refundId and refunds.state = 'due'`,
      { refundId },
    );
    return due ?? null;
  },
);

/** The last step of a refund: the provider has confirmed it. */
export const markRefundMade = transaction(
  'markRefundMade',
  async (sql, refund: MadeRefund): Promise<void> => {
    if (!(await recordRefundMade(sql, refund))) await recordMadeTwice(sql, refund);
    const subject = String(refund.refundId);
    await resolveAttention(sql, { kind: 'refund_failed', subject, resolution: 'refund_made' });
  },
);

interface MadeRefund {
  readonly orderId: number;
  readonly refundId: number;
  /** Null when it was not made by us. */
  readonly providerRefundId: string | null;
}

/** Lists a refund that the provider has made although it was resolved as made by hand. */
async function recordMadeTwice(
  sql: Statement,
  { orderId, refundId, providerRefundId }: MadeRefund,
): Promise<void> {
  if (providerRefundId === null) return;
  const [made] = await sql<{ amount: number }>(
    `update refunds set provider_refund_id = :providerRefundId
     where refund_id = :refundId and state = 'made' and provider_refund_id is null returning amount_cents as amount`,
    { refundId, providerRefundId },
  );
  if (!made) return;
  const reason = { code: 'refund_made_twice', providerRefundId, ...made } as const;
  await raiseAttention(sql, { kind: 'refund_made_twice', subject: String(refundId), orderId, reason });
}

/**
 * Writes down that a due refund was made, in the caller's transaction; a refund that is made already stays as it is.
 * @returns whether it was due
 */
export async function recordRefundMade(
  sql: Statement,
  { orderId, refundId, providerRefundId }: MadeRefund,
): Promise<boolean> {
  await lockPayment(sql, orderId);
  const [made] = await sql<RefundRow>(
    `with made as (
       update refunds set state = 'made', made_at = now(), provider_refund_id = :providerRefundId
       where refund_id = :refundId and state = 'due' returning *
     ), history as (
       insert into order_history (order_id, what, detail)
       select order_id, 'refund_made', jsonb_build_object('refund_id', refund_id, 'amount_cents', amount_cents) from made
     )
     select * from made`,
    { refundId, providerRefundId },
  );
  if (made) await finishRefund(sql, made);
  return made !== undefined;
}

/** Plans the e-mail about a refund that was made, and answers the buyer's request that came before it. After the last one, the payment and the order become `refunded`. */
export async function finishRefund(sql: Statement, refund: RefundRow): Promise<void> {
  const { orderId, refundId } = refund;
  await sql(
    `with payment as (
       update payments set state = 'refunded', updated_at = now()
       where order_id = :orderId and state = 'refund_due'
         and not exists (select 1 from refunds where order_id = :orderId and state = 'due')
       returning order_id
     ), before as (
       select order_id, status from orders join payment using (order_id)
     ), lines as (
       -- The units of a cancelled order were released when it was cancelled.
       update order_lines set returned = quantity from before
       where order_lines.order_id = before.order_id and status = 'cancelled'
     ), refunded as (
       update orders set status = 'refunded', refunded_at = now()
       from before where orders.order_id = before.order_id and orders.status = any(:allowedFrom)
       returning orders.order_id
     )
     insert into order_history (order_id, what) select order_id, 'refunded' from refunded`,
    { orderId, allowedFrom: [...allowedFrom.refund] },
  );
  await planEmail(sql, { orderId, kind: 'refund_made', refundId });
  await answerRequest(sql, refund);
}

/**
 * Resolves the open request of the buyer if the refund was promised after it, or if all of the money is back. The history has the order of both,
 * because each is written under the lock of the payment; the times are those of the beginnings of their transactions.
 */
async function answerRequest(sql: Statement, { orderId, refundId }: RefundRow): Promise<void> {
  const [answered] = await sql(
    `select from payments where order_id = :orderId and (state = 'refunded' or (
       select max(history_id) from order_history where order_id = :orderId and what = 'return_asked'
     ) < (
       select min(history_id) from order_history
       where order_id = :orderId and what in ('refund_due', 'refund_made') and detail ->> 'refund_id' = cast(:refundId as text)
     ))`,
    { orderId, refundId },
  );
  if (!answered) return;
  const request = { kind: 'return_asked', subject: String(orderId) } as const;
  await resolveAttention(sql, { ...request, resolution: 'refund_made' });
}
