create table payments (
  order_id integer primary key references orders,
  state text not null check (state in ('creating', 'open', 'paid', 'settled', 'expired', 'refund_due', 'refunded')),
  session_id text unique,
  url text,
  amount_cents integer not null check (amount_cents >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  transaction_id text,
  updated_at timestamptz not null default now(),
  refunded_cents integer not null default 0,
  constraint payments_refunded_cents_check check (refunded_cents between 0 and amount_cents),
  check ((state = 'open') <= (session_id is not null and url is not null)),
  check ((state in ('paid', 'settled', 'refund_due', 'refunded')) <= (transaction_id is not null)),
  constraint payments_refund_state_check check (
    (state in ('refund_due', 'refunded')) = (refunded_cents = amount_cents and refunded_cents > 0)
  )
);
create unique index payments_transaction_id on payments (transaction_id);

-- The inbox: each event of the provider once, with its outcome.
create table payment_events (
  event_id text primary key check (length(event_id) between 1 and 255),
  type text not null,
  body jsonb not null,
  outcome text not null check (outcome in (
    'applied', 'no_change', 'ignored', 'late', 'mismatch', 'unknown_order', 'too_early'
  )),
  order_id integer references orders,
  received_at timestamptz not null default now(),
  tried_at timestamptz not null default now()
);
create index payment_events_deferred on payment_events (tried_at) where outcome in ('unknown_order', 'too_early');
create index payment_events_too_early on payment_events (order_id) where outcome = 'too_early';

-- A refund counts from the moment it is promised, so two at once cannot promise more than was paid.
create table refunds (
  refund_id integer generated always as identity primary key,
  order_id integer not null references payments,
  amount_cents integer not null check (amount_cents > 0),
  reason text not null check (reason in ('operator', 'late_payment', 'external_refund')),
  note text check (note <> ''),
  actor text not null check (actor <> ''),
  request_key text not null unique,
  request text,
  state text not null check (state in ('due', 'made')),
  provider_refund_id text unique,
  created_at timestamptz not null default now(),
  made_at timestamptz,
  check ((state = 'made') = (made_at is not null)),
  check ((reason = 'operator') = (note is not null))
);
create index refunds_due on refunds (order_id) where state = 'due';

create table reconciliation (
  scope text primary key check (scope in ('shop', 'provider')),
  runs integer not null,
  last_run_at timestamptz not null,
  repaired jsonb not null,
  report jsonb not null
);

-- Everything that an order's page shows changes with a row of its history or with the state of its payment. Triggers on
-- both notify the pages with the commit, so no writer can forget it. Before an order is placed nobody knows its address.
create function notify_order_change() returns trigger language plpgsql as $$
  begin
    perform pg_notify('order_changed', new.order_id::text);
    return null;
  end $$;
create trigger order_history_notify after insert on order_history
  for each row when (new.what <> 'placed') execute function notify_order_change();
create trigger payments_notify after update of state on payments
  for each row when (old.state is distinct from new.state) execute function notify_order_change();
