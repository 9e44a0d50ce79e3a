import type { Knex } from 'knex';

/** Carts, the browser that an order came from, and word of every change of an order. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(carts);
  await knex.raw(browsers);
  await knex.raw(word);
}

// The key under which a cart is checked out changes with what is in it, so one content is one order.
const carts = `
  create table carts (
    browser_id text primary key check (browser_id ~ '^[A-Za-z0-9_-]{22}$'),
    checkout_key text not null unique,
    added_keys text[] not null default '{}' check (cardinality(added_keys) <= 20),
    updated_at timestamptz not null default now()
  );
  create index carts_updated_at on carts (updated_at);
  create table cart_lines (
    browser_id text not null references carts on delete cascade,
    product_id integer not null references products,
    quantity integer not null check (quantity between 1 and 1000),
    unit_price_cents integer not null check (unit_price_cents >= 0),
    added_at timestamptz not null default now(),
    primary key (browser_id, product_id)
  )`;

// No reference to carts: a cart is removed when it is old, and its orders stay its browser's.
const browsers = `
  alter table orders add column browser_id text check (browser_id ~ '^[A-Za-z0-9_-]{22}$');
  create index orders_browser_id on orders (browser_id, order_id) where browser_id is not null`;

// Whatever a page of an order shows changes with an entry of its history or with the state of its payment, so with triggers
// on both no writer can forget to tell. It is sent with the commit and carries nothing but a number. Until an order is
// placed nobody knows its address, so nobody is told of that.
const word = `
  create function tell_order_change() returns trigger language plpgsql as $$
  begin
    perform pg_notify('order_changed', new.order_id::text);
    return null;
  end $$;
  create trigger order_history_told after insert on order_history
    for each row when (new.what <> 'placed') execute function tell_order_change();
  create trigger payments_told after update of state on payments
    for each row when (old.state is distinct from new.state) execute function tell_order_change()`;

/** Migrations only go forward. */
export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
