-- A message can be sent again, and each time has a row of its own. The links to the orders of an address are a message about the newest of
-- them.
alter table emails
  add column copy integer not null default 0 check (copy >= 0),
  drop constraint emails_once,
  add constraint emails_once unique nulls not distinct (order_id, kind, refund_id, shipment_id, copy),
  drop constraint emails_kind_check,
  add constraint emails_kind_check check (kind in ('order_confirmed', 'order_cancelled', 'refund_made', 'shipped', 'orders_found'));
create index emails_orders_found on emails (order_id) where kind = 'orders_found';

-- A buyer asks for a paid order to be cancelled, or to return it.
alter table attention
  drop constraint attention_kind_check,
  add constraint attention_kind_check check (kind in (
    'event_mismatch', 'event_version', 'dispute', 'payment_unknown', 'unknown_payment', 'overdue', 'workflow_failed', 'checkout_failed',
    'dispatch_failed', 'refund_failed', 'refund_made_twice', 'email_failed', 'accounts_wrong', 'return_asked'
  )),
  drop constraint attention_reason_check,
  add constraint attention_reason_check check (reason in (
    'event_differs', 'event_failed', 'event_version', 'charge_disputed', 'unknown_order', 'payment_unknown', 'overdue', 'workflow_failed',
    'engine_failed', 'restarted_too_often', 'refund_refused', 'refund_exceeds_charge', 'refund_unconfirmed', 'refund_made_twice',
    'email_refused', 'email_not_sent', 'accounts_wrong', 'cancellation_asked', 'return_asked'
  ));
