-- How an order reaches its buyer. A removed method keeps its row, because orders name it.
create table delivery_methods (
  method text primary key check (method ~ '^[a-z0-9_-]{1,40}$'),
  name text not null check (length(name) between 1 and 100),
  needs_address boolean not null,
  -- ISO 3166-1 alpha-2 codes; empty for every country.
  countries text[] not null default '{}' check (array_to_string(countries, '') ~ '^([A-Z]{2})*$'),
  days_from integer check (days_from between 0 and 365),
  days_to integer check (days_to between days_from and 365),
  position integer not null default 0,
  removed_at timestamptz,
  check ((days_from is null) = (days_to is null)),
  check (needs_address or countries = '{}')
);

-- A method without any price costs nothing. Otherwise it is for the currencies of its prices, and an order pays that of the highest
-- weight that it reaches, and there that of the highest value.
create table delivery_prices (
  method text not null references delivery_methods,
  currency text not null references currencies,
  from_grams integer not null default 0 check (from_grams >= 0),
  from_cents integer not null default 0 check (from_cents >= 0),
  price_cents integer not null check (price_cents between 0 and 99999999),
  primary key (method, currency, from_grams, from_cents)
);
create function check_delivery_price() returns trigger language plpgsql as $$
  declare
    price_step integer := (select step from currencies where currency = new.currency);
  begin
    if new.price_cents % price_step <> 0 then
      raise exception 'The payment provider does not take the price % of the delivery "%": in % it must be a multiple of %.',
        new.price_cents, new.method, new.currency, price_step
        using errcode = 'check_violation', constraint = 'delivery_prices_price_check';
    end if;
    return new;
  end $$;
create trigger delivery_prices_check_price before insert or update on delivery_prices
  for each row execute function check_delivery_price();

insert into delivery_methods (method, name, needs_address) values ('collect', 'Collect at the shop', false);

alter table products add column weight_grams integer not null default 0 check (weight_grams between 0 and 10000000);

-- What an order costs besides its products changes the version. An order is placed under the terms of which its amounts were computed.
create table terms (
  is_only boolean primary key default true check (is_only),
  version bigint not null
);
insert into terms (version) values (1);
create function change_terms() returns trigger language plpgsql as $$
  begin
    update terms set version = version + 1;
    return null;
  end $$;
create trigger delivery_methods_change_terms after insert or update or delete or truncate on delivery_methods
  for each statement execute function change_terms();
create trigger delivery_prices_change_terms after insert or update or delete or truncate on delivery_prices
  for each statement execute function change_terms();
create trigger products_change_terms after update of weight_grams on products
  for each statement execute function change_terms();

-- delivery_name and the days are those of the moment of the order. The address belongs to the order alone.
alter table orders
  add column subtotal_cents integer,
  add column delivery_cents integer not null default 0 check (delivery_cents >= 0),
  add column delivery_method text references delivery_methods,
  add column delivery_name text,
  add column delivery_days_from integer,
  add column delivery_days_to integer,
  add column address jsonb check (jsonb_typeof(address) = 'object');
update orders set subtotal_cents = total_cents;
alter table orders
  alter column subtotal_cents set not null,
  add constraint orders_total_check check (total_cents = subtotal_cents + delivery_cents),
  add constraint orders_delivery_check check ((delivery_method is null) = (delivery_name is null)),
  add constraint orders_undelivered_check check (delivery_method is not null or delivery_cents = 0),
  drop constraint orders_reason_check,
  add constraint orders_reason_check check (reason in (
    'out_of_stock', 'price_changed', 'hold_limit', 'delivery_unavailable', 'payment_unavailable', 'payment_ended', 'hold_expired',
    'cancelled_by_shopper'
  ));

-- Housekeeping finds orders with an address by these, too.
drop index orders_unpaid_address;
create index orders_unpaid_address on orders (cancelled_at)
  where status = 'cancelled' and paid_at is null and (email is not null or address is not null);
drop index orders_ended;
create index orders_ended on orders (coalesce(refunded_at, dispatched_at, cancelled_at))
  where status in ('dispatched', 'cancelled', 'refunded') and (email is not null or address is not null or browser_id is not null);
