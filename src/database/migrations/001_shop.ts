import type { Knex } from 'knex';

/** The shop's tables. Every rule that SQL can hold, SQL holds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(products);
  await knex.raw(stock);
  await knex.raw(orders);
  await knex.raw(payments);
  await knex.raw(records);
}

const products = `
  create table products (
    product_id integer generated always as identity primary key,
    sku text not null unique check (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
    product text not null check (product <> ''),
    description text not null,
    price_cents integer not null check (price_cents >= 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    image text not null,
    restock_level integer not null check (restock_level >= 0)
  )`;

// Apart from products because it changes with every order.
const stock = `
  create table stock (
    product_id integer primary key references products,
    available integer not null check (available >= 0)
  );
  create table supply (
    supply_id bigint generated always as identity primary key,
    product_id integer not null references products,
    quantity integer not null,
    reason text not null check (reason <> ''),
    actor text not null check (actor <> ''),
    request_key text not null unique,
    at timestamptz not null default now()
  );
  create index supply_product_id on supply (product_id)`;

const orders = `
  create table orders (
    order_id integer generated always as identity primary key,
    checkout_key text not null unique check (checkout_key ~ '^[A-Za-z0-9._-]{1,200}$'),
    request_hash text not null check (request_hash ~ '^[0-9a-f]{64}$'),
    token text not null unique check (length(token) >= 22),
    status text not null check (status in ('pending', 'paid', 'dispatched', 'cancelled', 'refunded')),
    reason text check (reason in (
      'out_of_stock', 'price_changed', 'payment_unavailable', 'payment_ended', 'hold_expired'
    )),
    email text check (length(email) <= 254),
    total_cents integer not null check (total_cents >= 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null default now(),
    hold_expires_at timestamptz not null,
    paid_at timestamptz,
    dispatch_due_at timestamptz,
    dispatched_at timestamptz,
    cancelled_at timestamptz,
    refunded_at timestamptz,
    check ((status in ('paid', 'dispatched', 'refunded')) <= (paid_at is not null)),
    check ((status = 'paid') <= (dispatch_due_at is not null)),
    check ((status = 'dispatched') <= (dispatched_at is not null)),
    check ((status = 'cancelled') <= (cancelled_at is not null and reason is not null)),
    check ((status = 'refunded') <= (refunded_at is not null))
  );
  create index orders_pending on orders (hold_expires_at) where status = 'pending';
  create table order_lines (
    order_id integer not null references orders,
    product_id integer not null references products,
    quantity integer not null check (quantity > 0),
    unit_price_cents integer not null check (unit_price_cents >= 0),
    primary key (order_id, product_id)
  );
  create index order_lines_product_id on order_lines (product_id);
  create table order_history (
    history_id bigint generated always as identity primary key,
    order_id integer not null references orders,
    at timestamptz not null default now(),
    what text not null check (what <> ''),
    detail jsonb not null default '{}'
  );
  create index order_history_order_id on order_history (order_id, history_id)`;

const payments = `
  create table payments (
    order_id integer primary key references orders,
    state text not null check (state in ('creating', 'open', 'paid', 'settled', 'expired', 'refund_due', 'refunded')),
    session_id text unique,
    url text,
    amount_cents integer not null check (amount_cents >= 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    transaction_id text,
    refund_id text,
    updated_at timestamptz not null default now(),
    check ((state = 'open') <= (session_id is not null and url is not null)),
    check ((state in ('paid', 'settled', 'refund_due', 'refunded')) <= (transaction_id is not null)),
    check ((state = 'refunded') <= (refund_id is not null))
  );
  create table payment_events (
    event_id text primary key check (length(event_id) between 1 and 255),
    type text not null,
    body jsonb not null,
    outcome text not null check (outcome in ('applied', 'no_change', 'ignored', 'late', 'mismatch', 'unknown_order')),
    order_id integer references orders,
    received_at timestamptz not null default now()
  );
  create index payment_events_order_id on payment_events (order_id)`;

const records = `
  create table emails (
    email_id bigint generated always as identity primary key,
    order_id integer not null references orders,
    kind text not null check (kind in ('order_confirmed', 'order_cancelled', 'refund_made')),
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    unique (order_id, kind)
  );
  create view stock_accounts as
    select product_id, sku, available, held, sold, supplied, available + held + sold = supplied as balanced
    from products
    join stock using (product_id)
    cross join lateral (
      select coalesce(sum(quantity) filter (where status = 'pending'), 0)::integer as held,
             coalesce(sum(quantity) filter (where status in ('paid', 'dispatched')), 0)::integer as sold
      from order_lines join orders using (order_id)
      where order_lines.product_id = products.product_id
    ) as lines
    cross join lateral (
      select coalesce(sum(quantity), 0)::integer as supplied
      from supply where supply.product_id = products.product_id
    ) as given`;

/** Migrations only go forward. */
export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
