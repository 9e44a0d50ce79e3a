-- Payments of unknown orders, workflows that the engine gave up, and refunds that the provider made after an operator had.
alter table attention
  drop constraint attention_kind_check,
  add constraint attention_kind_check check (kind in (
    'event_mismatch', 'dispute', 'payment_unknown', 'unknown_payment', 'overdue', 'workflow_failed', 'checkout_failed',
    'dispatch_failed', 'refund_failed', 'refund_made_twice', 'email_failed', 'accounts_wrong'
  )),
  drop constraint attention_reason_check,
  add constraint attention_reason_check check (reason in (
    'event_differs', 'event_failed', 'charge_disputed', 'unknown_order', 'payment_unknown', 'overdue', 'workflow_failed',
    'engine_failed', 'restarted_too_often', 'refund_refused', 'refund_exceeds_charge', 'refund_unconfirmed',
    'refund_made_twice', 'email_refused', 'email_not_sent', 'accounts_wrong'
  ));

-- An unknown payment is listed once, and a failed workflow not again after an operator has resolved its item.
create index attention_resolved on attention (kind, subject) where resolved_at is not null;
