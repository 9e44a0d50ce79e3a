import { unpaidMinutes } from '../../domain/limits.ts';
import { allowedFrom, type CancelReason } from '../../domain/order.ts';
import type { Statement } from '../../shared/statement.ts';
import { releaseUse } from './discount-uses.ts';
import { planEmailOfUnpaid } from './emails.ts';
import { releaseStock } from './release-stock.ts';

/**
 * Cancels a pending order, releases its stock and its use of a code, and plans the buyer's e-mail, in one transaction with the caller's other
 * writes. An order that is no longer pending stays as it is. So does one whose payment session was ended because its shopper changes
 * it: it holds its units for the order that takes its place, until its hold expires (decision 32). Its client stays known for a while,
 * unless the provider was at fault.
 * @param order.reason the reason when the shopper has not asked for it
 * @returns whether it was cancelled
 */
export async function cancelOrder(
  sql: Statement,
  { orderId, reason }: { orderId: number; reason: CancelReason },
  { emailsPerDay }: { readonly emailsPerDay: number },
): Promise<boolean> {
  const [cancelled] = await sql<{ reason: CancelReason; discountCode: string | null }>(
    `with cancelled as (
       -- Read here and not with the lock: a statement that waited for a lock does not see what was inserted meanwhile.
       update orders set status = 'cancelled', cancelled_at = now(), reason = case when exists (
         select from order_history where order_id = :orderId and what = 'cancel_asked'
       ) then 'cancelled_by_shopper' else :reason end
       where order_id = :orderId and status = any(:allowedFrom) and not (
         :reason = 'payment_ended' and hold_expires_at > now()
         and exists (select from order_history where order_id = :orderId and what = 'change_asked')
         and not exists (select from order_history where order_id = :orderId and what = 'cancel_asked')
       )
       returning order_id, reason, discount_code
     ), unpaid as (
       update holders set unpaid_at = now()
       from cancelled where holders.order_id = cancelled.order_id and reason <> 'payment_unavailable'
     ), forgotten as (
       delete from holders
       using cancelled where holders.order_id = cancelled.order_id and reason = 'payment_unavailable'
     ), history as (
       insert into order_history (order_id, what, detail)
       select order_id, 'cancelled', jsonb_build_object('reason', reason) from cancelled
     )
     select reason, discount_code from cancelled`,
    { orderId, reason, allowedFrom: [...allowedFrom.cancel] },
  );
  if (!cancelled) return false;
  await releaseStock(sql, orderId);
  if (cancelled.discountCode !== null) await releaseUse(sql, orderId);
  // Its shopper is there, and sees the order that took its place.
  if (cancelled.reason !== 'changed_by_shopper') await planEmailOfUnpaid(sql, orderId, emailsPerDay);
  return true;
}

/** Forgets the clients of orders that ended unpaid, as soon as these no longer shorten another hold. */
export async function forgetUnpaidClients(sql: Statement): Promise<void> {
  await sql(`delete from holders where unpaid_at < now() - :minutes * interval '1 minute'`, {
    minutes: unpaidMinutes,
  });
}
