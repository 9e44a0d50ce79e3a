create table emails (
  email_id bigint generated always as identity primary key,
  order_id integer not null references orders,
  kind text not null check (kind in ('order_confirmed', 'order_cancelled', 'refund_made')),
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  refund_id integer references refunds,
  subject text,
  text_body text,
  html_body text,
  constraint emails_once unique nulls not distinct (order_id, kind, refund_id),
  constraint emails_refund_check check ((kind = 'refund_made') = (refund_id is not null))
);
create index emails_unsent on emails (created_at) where sent_at is null;

-- Work that needs a person.
create table attention (
  attention_id integer generated always as identity primary key,
  kind text not null check (kind in (
    'event_mismatch', 'dispute', 'payment_unknown', 'checkout_failed', 'dispatch_failed', 'refund_failed', 'email_failed', 'accounts_wrong'
  )),
  subject text not null check (subject <> ''),
  order_id integer references orders,
  reason text not null check (reason in (
    'event_differs', 'event_failed', 'charge_disputed', 'payment_unknown', 'workflow_failed', 'restarted_too_often',
    'refund_refused', 'refund_exceeds_charge', 'refund_unconfirmed', 'email_refused', 'email_not_sent', 'accounts_wrong'
  )),
  detail jsonb not null default '{}',
  raised_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolution text check (resolution in (
    'operator', 'retried', 'email_sent', 'refund_made', 'payment_decided', 'accounts_right'
  )),
  note text check (note <> ''),
  check ((resolved_at is null) = (resolution is null)),
  check ((resolution is not distinct from 'operator') = (note is not null))
);
create unique index attention_open on attention (kind, subject) where resolved_at is null;

-- A restarted workflow gets a fresh id, which ends with the count.
create table restarts (
  workflow text not null,
  id integer not null,
  count integer not null check (count > 0),
  primary key (workflow, id)
);

-- All work that is still to be done, and the id under which its workflow should be running now. An order, refund or e-mail
-- is named by id. src/database/workflow-ids.ts has the same ids as functions.
create view due_work as
  select workflow, id, order_id, due_at,
    coalesce(workflow || '-' || id || '-' || count, first_workflow_id) as workflow_id
  from (
    select 'resume-checkout' as workflow, order_id as id, order_id,
      case when state in ('paid', 'expired') then payments.updated_at else hold_expires_at end as due_at,
      'checkout-' || checkout_key as first_workflow_id
    from orders join payments using (order_id) where status = 'pending'
    union all
    select 'dispatch', order_id, order_id, dispatch_due_at, 'dispatch-' || order_id
    from orders join payments using (order_id) where status = 'paid' and state = 'settled'
    union all
    select 'refund', refund_id, order_id, created_at, 'refund-' || refund_id
    from refunds where state = 'due'
    union all
    select 'email', email_id::integer, order_id, created_at, 'email-' || email_id
    from emails where sent_at is null
  ) as work
  left join restarts using (workflow, id);
