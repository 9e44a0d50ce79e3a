-- Where which tax applies. A zone of a region replaces the one of its country.
create table tax_zones (
  -- ISO 3166-1 alpha-2, and ISO 3166-2 without the country; an empty region is the whole country.
  country text not null check (country ~ '^[A-Z]{2}$'),
  region text not null default '' check (region ~ '^[A-Z0-9]{0,3}$'),
  name text not null check (length(name) between 1 and 40),
  -- The prices contain the tax. Otherwise it is added to them.
  included boolean not null,
  primary key (country, region)
);

-- Millionths: 200000 is 20 %. A class without a rate is not taxed in the zone.
create table tax_rates (
  country text not null,
  region text not null default '',
  tax_class text not null check (tax_class ~ '^[a-z0-9_-]{1,40}$'),
  rate integer not null check (rate between 0 and 1000000),
  primary key (country, region, tax_class),
  foreign key (country, region) references tax_zones on delete cascade
);

alter table products add column tax_class text not null default 'standard' check (tax_class ~ '^[a-z0-9_-]{1,40}$');
alter table delivery_methods add column tax_class text not null default 'standard' check (tax_class ~ '^[a-z0-9_-]{1,40}$');

-- The shop's own place, in which orders without an address are taxed; without it they are not.
alter table terms
  add column country text check (country ~ '^[A-Z]{2}$'),
  add column region text not null default '' check (region ~ '^[A-Z0-9]{0,3}$');

-- Codes are stored as they are compared: in capitals and without spaces. free_uses is to a code what `available` is to a product.
create table discount_codes (
  code text primary key check (code ~ '^[^\s[:lower:][:cntrl:]]{3,40}$'),
  percent integer check (percent between 1 and 100),
  amount_cents integer check (amount_cents between 1 and 99999999),
  -- The currency of the amount and of the minimum.
  currency text references currencies,
  minimum_cents integer not null default 0 check (minimum_cents between 0 and 99999999),
  valid_from timestamptz,
  valid_until timestamptz,
  uses integer check (uses between 0 and 1000000000),
  free_uses integer,
  uses_per_email integer check (uses_per_email between 1 and 1000),
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  check ((percent is null) <> (amount_cents is null)),
  check (currency is not null or (amount_cents is null and minimum_cents = 0)),
  check (valid_until > valid_from),
  check ((uses is null) = (free_uses is null)),
  constraint discount_codes_free_uses_check check (free_uses >= 0)
);
create function issue_uses() returns trigger language plpgsql as $$
  begin
    if new.uses is null then
      new.free_uses := null;
    elsif tg_op = 'INSERT' then
      new.free_uses := new.uses;
    else
      new.free_uses := new.uses - (
        select count(*) from orders where discount_code = new.code and uses_code
      );
    end if;
    return new;
  end $$;
create trigger discount_codes_issue_uses before insert or update of uses on discount_codes
  for each row execute function issue_uses();

create function check_discount_amount() returns trigger language plpgsql as $$
  declare
    price_step integer := (select step from currencies where currency = new.currency);
  begin
    if new.amount_cents % price_step <> 0 then
      raise exception 'The payment provider does not take the amount % of the code %: in % it must be a multiple of %.',
        new.amount_cents, new.code, new.currency, price_step
        using errcode = 'check_violation', constraint = 'discount_codes_amount_check';
    end if;
    return new;
  end $$;
create trigger discount_codes_check_amount before insert or update of amount_cents, currency on discount_codes
  for each row execute function check_discount_amount();

create trigger tax_zones_change_terms after insert or update or delete or truncate on tax_zones
  for each statement execute function change_terms();
create trigger tax_rates_change_terms after insert or update or delete or truncate on tax_rates
  for each statement execute function change_terms();
create trigger products_tax_class_change_terms after update of tax_class on products
  for each statement execute function change_terms();
create trigger terms_change_terms after update of country, region on terms
  for each statement execute function change_terms();
-- A use of a code changes none of these.
create trigger discount_codes_change_terms
  after update of percent, amount_cents, currency, minimum_cents on discount_codes
  for each statement execute function change_terms();

-- The tax is that of the lines and of the delivery. An order uses its code from placing to cancellation, and again once it is paid late.
-- `discount_holder` is a digest of its e-mail address, where the code counts its uses by address.
alter table orders
  add column discount_cents integer not null default 0 check (discount_cents >= 0),
  add column tax_cents integer not null default 0 check (tax_cents >= 0),
  add column tax_name text,
  add column tax_included boolean not null default false,
  add column delivery_tax_cents integer not null default 0 check (delivery_tax_cents between 0 and tax_cents),
  add column delivery_tax_rate integer check (delivery_tax_rate between 0 and 1000000),
  add column discount_code text references discount_codes,
  add column uses_code boolean not null default false check (not uses_code or discount_code is not null),
  add column discount_holder text,
  drop constraint orders_total_check,
  add constraint orders_total_check check (
    total_cents = subtotal_cents - discount_cents + delivery_cents + case when tax_included then 0 else tax_cents end
  ),
  add constraint orders_discount_check check (discount_cents <= subtotal_cents and (discount_code is not null or discount_cents = 0)),
  add constraint orders_tax_check check (tax_name is not null or (tax_cents = 0 and not tax_included)),
  drop constraint orders_reason_check,
  add constraint orders_reason_check check (reason in (
    'out_of_stock', 'price_changed', 'hold_limit', 'delivery_unavailable', 'code_unavailable', 'payment_unavailable', 'payment_ended',
    'hold_expired', 'cancelled_by_shopper'
  ));
create index orders_uses_code on orders (discount_code, discount_holder) where uses_code;

-- tax_rate is the rate of the moment of the order, in millionths.
alter table order_lines
  add column discount_cents integer not null default 0,
  add column tax_cents integer not null default 0 check (tax_cents >= 0),
  add column tax_rate integer check (tax_rate between 0 and 1000000),
  add constraint order_lines_discount_check check (discount_cents between 0 and cast(quantity as bigint) * unit_price_cents),
  add constraint order_lines_tax_check check (tax_rate is not null or tax_cents = 0);

-- Locks a code and reads it as it is then. A statement that waits for a lock does not see the orders that were inserted meanwhile; a
-- function that is called by it does.
create function lock_code(wanted text, holder text)
  returns table (free_uses integer, uses_per_email integer, uses_of_holder bigint, is_valid boolean) language plpgsql rows 1 as $$
  begin
    perform from discount_codes where code = wanted for update;
    return query
      select discount_codes.free_uses, discount_codes.uses_per_email,
        (select count(*) from orders where discount_code = wanted and discount_holder = holder and uses_code),
        removed_at is null and coalesce(valid_from <= clock_timestamp(), true) and coalesce(valid_until > clock_timestamp(), true)
      from discount_codes where code = wanted;
  end $$;

-- Free, held and used uses of a code are the issued ones. A code without a limit has no free ones to count.
create view discount_accounts as
  select code, free_uses as free, coalesce(held, 0)::integer as held, coalesce(used, 0)::integer as used, uses as issued,
    uses is null or free_uses + coalesce(held, 0) + coalesce(used, 0) = uses as balanced
  from discount_codes
  left join (
    select discount_code as code, count(*) filter (where status = 'pending') as held,
      count(*) filter (where status <> 'pending') as used
    from orders where uses_code group by discount_code
  ) as counted using (code);

-- The units that a refund is for. Its other part, where it has one, is the delivery. A refund of an amount has neither.
create table refund_lines (
  refund_id bigint not null references refunds,
  product_id integer not null references products,
  quantity integer not null check (quantity > 0),
  amount_cents integer not null check (amount_cents >= 0),
  tax_cents integer not null check (tax_cents >= 0),
  primary key (refund_id, product_id)
);
alter table refunds
  add column for_delivery_cents integer not null default 0 check (for_delivery_cents >= 0),
  add column for_delivery_tax_cents integer not null default 0 check (for_delivery_tax_cents >= 0);
