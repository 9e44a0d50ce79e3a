create table products (
  product_id integer generated always as identity primary key,
  sku text not null unique check (sku ~ '^[A-Za-z0-9._-]{1,64}$'),
  product text not null check (product <> ''),
  description text not null,
  price_cents integer not null check (price_cents >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  image text not null,
  restock_level integer not null check (restock_level >= 0)
);

-- A table of its own, because it changes with every order.
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
