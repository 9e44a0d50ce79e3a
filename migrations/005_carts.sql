-- checkout_key changes with the content of the cart, so one content is one order.
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
);
