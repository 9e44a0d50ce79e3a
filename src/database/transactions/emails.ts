import { minutesBetweenOrderLinks, mostFoundOrders, orderLinksPerDay } from '../../domain/limits.ts';
import { inTransaction, type Statement } from '../../shared/statement.ts';
import type { Database } from '../connection.ts';
import { enqueueWorkflow } from '../outbox.ts';
import type { EmailContent, EmailDelivery, PlannedEmail } from '../queries/emails.ts';
import { isCollectedSql } from '../queries/orders.ts';
import type { EmailKind } from '../tables.ts';
import { transaction } from '../transaction.ts';
import { resolveAttention } from './attention.ts';

/**
 * Plans one message to the buyer, who gave an address, and starts the workflow that sends it, both with the caller's commit.
 * There is one per order and kind, per refund, and per parcel. A repetition changes nothing.
 */
export async function planEmail(
  sql: Statement,
  message: { orderId: number; kind: EmailKind; refundId?: number; shipmentId?: number },
): Promise<void> {
  const [planned] = await sql<{ emailId: number }>(
    `insert into emails (order_id, kind, refund_id, shipment_id)
     select order_id, :kind, cast(:refundId as bigint), cast(:shipmentId as bigint)
     from orders where order_id = :orderId and email is not null
     on conflict on constraint emails_once do nothing
     returning email_id`,
    { refundId: null, shipmentId: null, ...message },
  );
  if (planned) await enqueueWorkflow(sql, 'email', planned.emailId);
}

/**
 * Plans the message that an unpaid order was cancelled. Anybody can place such an order with anybody's address. Therefore an
 * address that has never paid here gets none, and one that has gets it for its first few orders within a day. Messages about paid
 * orders have no limit, because a payment or an operator stands behind each.
 * @param perDay how many of the address's orders that end unpaid within 24 hours are reported
 */
export async function planEmailOfUnpaid(sql: Statement, orderId: number, perDay: number): Promise<void> {
  // Of two orders of one address that are cancelled at once, the second must see the first. It is the last lock of its transaction.
  const [payer] = await sql(
    `select pg_advisory_xact_lock(hashtextextended('email ' || lower(email), 0)) from orders
     where order_id = :orderId and exists (
       select from orders as paid where lower(paid.email) = lower(orders.email) and paid.paid_at is not null
     )`,
    { orderId },
  );
  if (!payer) return;
  const [others] = await sql<{ unpaid: number }>(
    `select cast(count(*) as integer) as unpaid from (
       select from orders as own join orders as other on lower(other.email) = lower(own.email)
       where own.order_id = :orderId and other.order_id <> own.order_id
         and other.cancelled_at > now() - interval '1 day' and other.paid_at is null
         and other.reason in ('payment_unavailable', 'payment_ended', 'hold_expired', 'cancelled_by_shopper')
       limit :perDay
     ) as recent`,
    { orderId, perDay },
  );
  if (others && others.unpaid < perDay) await planEmail(sql, { orderId, kind: 'order_cancelled' });
}

/**
 * Plans the message that lists the paid orders of an address, and starts the workflow that sends it, in one commit. It is about the newest
 * of them, and is erased with it. An address without paid orders gets none, because anybody can order with anybody's address. One with
 * them gets a few messages a day, however often and by whom they are asked for.
 */
export function planOrderLinks(database: Database, email: string): Promise<void> {
  return inTransaction(database, async (sql) => {
    // Of two requests at once, the second must see the message of the first.
    await sql(`select pg_advisory_xact_lock(hashtextextended('order links ' || lower(:email), 0))`, {
      email,
    });
    const [planned] = await sql<{ emailId: number }>(
      `with theirs as (
         select order_id from orders where lower(email) = lower(:email) and paid_at is not null
       ), sent as (
         select count(*) as today, coalesce(max(created_at), '-infinity') as last from theirs join emails using (order_id)
         where kind = 'orders_found' and created_at > now() - interval '1 day'
       )
       insert into emails (order_id, kind, copy)
       select newest, 'orders_found', (
         select coalesce(max(copy) + 1, 0) from emails where order_id = newest and kind = 'orders_found'
       )
       from sent cross join (select max(order_id) as newest from theirs) as newest
       where newest is not null and today < :perDay and last < now() - cast(:minutes as integer) * interval '1 minute'
       returning email_id`,
      { email, perDay: orderLinksPerDay, minutes: minutesBetweenOrderLinks },
    );
    if (planned) await enqueueWorkflow(sql, 'email', planned.emailId);
  });
}

/** The first step of an email: reads the order that it is about; null when the email is sent already. */
export const readPlannedEmail = transaction(
  'readPlannedEmail',
  async (sql, emailId: number, delivery: EmailDelivery): Promise<PlannedEmail | null> => {
    const [planned] = await sql<Omit<PlannedEmail, 'delivery'>>(
      `select email_id, orders.order_id, kind, emails.refund_id, emails.shipment_id, copy, fulfilment, nothing_sent,
              email as "to", token, status, orders.reason as cancel_reason, payments.state as payment_state,
              exists (
                select 1 from order_history where order_id = orders.order_id and what = 'paid_late'
              ) as paid_late,
              total_cents, subtotal_cents, orders.discount_cents, discount_code, delivery_cents, delivery_name, orders.tax_cents, tax_name,
              tax_included, delivery_tax_cents, delivery_tax_rate, delivery_days_from, delivery_days_to, address, orders.currency,
              ${isCollectedSql()} as is_collected,
              cast(extract(epoch from hold_expires_at) * 1000 as double precision) as hold_expires_at,
              (
                select json_agg(json_build_object(
                  'product', product, 'quantity', quantity, 'unitPriceCents', unit_price_cents,
                  'taxCents', order_lines.tax_cents, 'taxRate', tax_rate
                ) order by sku)
                from order_lines join products using (product_id) where order_id = orders.order_id
              ) as lines,
              case when refunds.refund_id is not null then json_build_object(
                'amountCents', refunds.amount_cents, 'reason', refunds.reason,
                'note', refunds.note
              ) end as refund,
              (
                select json_build_object(
                  'carrier', carrier, 'trackingNumber', tracking_number, 'link', link,
                  'shippedAt', cast(extract(epoch from shipped_at) * 1000 as double precision),
                  'isNewest', not exists (
                    select from shipments as later
                    where later.order_id = shipments.order_id and later.shipment_id > shipments.shipment_id
                  ),
                  'items', (
                    select json_agg(json_build_object('product', product, 'quantity', quantity) order by sku)
                    from shipment_lines join products using (product_id)
                    where shipment_lines.order_id = shipments.order_id and shipment_lines.shipment_id = shipments.shipment_id
                  )
                ) from shipments where shipments.shipment_id = emails.shipment_id
              ) as shipment,
              case when kind = 'orders_found' then (${foundOrders}) end as found
       from emails join orders using (order_id) left join payments using (order_id)
       left join refunds on refunds.refund_id = emails.refund_id
       where email_id = :emailId and sent_at is null`,
      { emailId, foundAtMost: mostFoundOrders + 1 },
    );
    return planned ? { ...planned, delivery } : null;
  },
);

const foundOrders = `
  select json_agg(one) from (
    select theirs.order_id as "orderId", token, status, nothing_sent as "nothingSent", ${isCollectedSql('theirs')} as "isCollected",
      cast(extract(epoch from created_at) * 1000 as double precision) as "createdAt",
      (
        select coalesce(json_agg(json_build_object('product', product, 'quantity', quantity) order by sku), '[]')
        from order_lines join products using (product_id) where order_lines.order_id = theirs.order_id
      ) as items
    from (
      -- By the index of paid addresses, and not down all orders until there are enough.
      select * from orders as paid where lower(paid.email) = lower(orders.email) and paid.paid_at is not null offset 0
    ) as theirs
    order by theirs.order_id desc limit :foundAtMost
  ) as one`;

/** The last step of an email. Stores the content in `kept` for the mail preview; sent messages are not stored. */
export const markEmailSent = transaction(
  'markEmailSent',
  async (sql, email: { emailId: number; kept: EmailContent | null }): Promise<void> => {
    await sql(
      `update emails set sent_at = now(), subject = :subject, text_body = :text, html_body = :html
       where email_id = :emailId and sent_at is null`,
      {
        emailId: email.emailId,
        subject: email.kept?.subject ?? null,
        text: email.kept?.text ?? null,
        html: email.kept?.html ?? null,
      },
    );
    const subject = String(email.emailId);
    await resolveAttention(sql, { kind: 'email_failed', subject, resolution: 'email_sent' });
  },
);
