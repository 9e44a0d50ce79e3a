import type { Knex } from 'knex';

/** Refunds, kept payment events, what needs a person, and what reconciliation found. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(cancellation);
  await knex.raw(refunds);
  await knex.raw(events);
  await knex.raw(attention);
  await knex.raw(emails);
  await knex.raw(reconciliation);
}

const cancellation = `
  alter table orders
    drop constraint orders_reason_check,
    add constraint orders_reason_check check (reason in (
      'out_of_stock', 'price_changed', 'payment_unavailable', 'payment_ended', 'hold_expired', 'cancelled_by_shopper'
    ))`;

// A refund counts from the moment it is promised, so that two at once cannot promise more than was paid.
const refunds = `
  create table refunds (
    refund_id integer generated always as identity primary key,
    order_id integer not null references payments,
    amount_cents integer not null check (amount_cents > 0),
    reason text not null check (reason <> ''),
    actor text not null check (actor <> ''),
    request_key text not null unique,
    request text,
    state text not null check (state in ('due', 'made')),
    provider_refund_id text unique,
    created_at timestamptz not null default now(),
    made_at timestamptz,
    check ((state = 'made') = (made_at is not null))
  );
  create index refunds_order_id on refunds (order_id);
  create index refunds_due on refunds (refund_id) where state = 'due';
  alter table payments
    drop column refund_id,
    add column refunded_cents integer not null default 0,
    add constraint payments_refunded_cents_check check (refunded_cents between 0 and amount_cents),
    add constraint payments_refund_state_check check (
      (state in ('refund_due', 'refunded')) = (refunded_cents = amount_cents and refunded_cents > 0)
    );
  create unique index payments_transaction_id on payments (transaction_id);
  alter table order_lines
    add column returned integer not null default 0,
    add constraint order_lines_returned_check check (returned between 0 and quantity);
  create or replace view stock_accounts as
    select product_id, sku, available, held, sold, supplied, available + held + sold = supplied as balanced
    from products
    join stock using (product_id)
    cross join lateral (
      select coalesce(sum(quantity) filter (where status = 'pending'), 0)::integer as held,
             coalesce(sum(quantity - returned) filter (where status in ('paid', 'dispatched', 'refunded')), 0)::integer as sold
      from order_lines join orders using (order_id)
      where order_lines.product_id = products.product_id
    ) as lines
    cross join lateral (
      select coalesce(sum(quantity), 0)::integer as supplied
      from supply where supply.product_id = products.product_id
    ) as given`;

const events = `
  alter table payment_events
    drop constraint payment_events_outcome_check,
    add constraint payment_events_outcome_check check (outcome in (
      'applied', 'no_change', 'ignored', 'late', 'mismatch', 'unknown_order', 'too_early'
    )),
    add column tried_at timestamptz not null default now();
  create index payment_events_unplaced on payment_events (tried_at) where outcome in ('unknown_order', 'too_early')`;

const attention = `
  create table attention (
    attention_id integer generated always as identity primary key,
    kind text not null check (kind in (
      'event_mismatch', 'dispute', 'payment_unknown', 'checkout_failed', 'dispatch_failed', 'refund_failed', 'email_failed', 'accounts_wrong'
    )),
    subject text not null check (subject <> ''),
    order_id integer references orders,
    reason text not null check (reason <> ''),
    raised_at timestamptz not null default now(),
    resolved_at timestamptz,
    resolution text,
    check ((resolved_at is null) = (resolution is null))
  );
  create unique index attention_open on attention (kind, subject) where resolved_at is null`;

const emails = `
  alter table emails
    drop constraint emails_order_id_kind_key,
    add column refund_id integer references refunds,
    add constraint emails_once unique nulls not distinct (order_id, kind, refund_id),
    add constraint emails_refund_check check ((kind = 'refund_made') = (refund_id is not null)),
    add column subject text,
    add column text_body text,
    add column html_body text;
  create index emails_unsent on emails (created_at) where sent_at is null`;

const reconciliation = `
  create index orders_dispatch_due on orders (dispatch_due_at) where status = 'paid';
  create table restarts (
    workflow text not null,
    id integer not null,
    count integer not null check (count > 0),
    primary key (workflow, id)
  );
  create table reconciliation (
    scope text primary key check (scope in ('shop', 'provider')),
    runs integer not null,
    last_run_at timestamptz not null,
    repaired jsonb not null,
    report jsonb not null
  )`;

/** Migrations only go forward. */
export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
