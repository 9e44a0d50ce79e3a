-- Work that is due for too long, although its workflow has neither ended nor failed.
alter table attention
  drop constraint attention_kind_check,
  add constraint attention_kind_check check (kind in (
    'event_mismatch', 'dispute', 'payment_unknown', 'overdue', 'checkout_failed', 'dispatch_failed', 'refund_failed', 'email_failed',
    'accounts_wrong'
  )),
  drop constraint attention_reason_check,
  add constraint attention_reason_check check (reason in (
    'event_differs', 'event_failed', 'charge_disputed', 'payment_unknown', 'overdue', 'workflow_failed', 'restarted_too_often',
    'refund_refused', 'refund_exceeds_charge', 'refund_unconfirmed', 'email_refused', 'email_not_sent', 'accounts_wrong'
  )),
  drop constraint attention_resolution_check,
  add constraint attention_resolution_check check (resolution in (
    'operator', 'retried', 'email_sent', 'refund_made', 'payment_decided', 'done', 'accounts_right'
  ));
