-- Who holds units, by keyed hashes of the browser, the network address and the e-mail address. A row lasts as long as its order waits
-- for payment, and an hour longer when that ended unpaid.
create table holders (
  client_hash text not null check (length(client_hash) between 16 and 64),
  order_id bigint not null references orders,
  unpaid_at timestamptz,
  primary key (client_hash, order_id)
);
create index holders_order_id on holders (order_id);
create index holders_unpaid_at on holders (unpaid_at) where unpaid_at is not null;

-- Makes the placements of one client wait for each other until they commit, and returns what each hash holds. The sums are read by a
-- statement of their own, after the locks: it sees the orders that were placed while this one waited.
create function lock_clients(client_hashes text[])
  returns table (client_hash text, product_id integer, currency text, units bigint, cents bigint)
  language plpgsql as $$
  declare
    one text;
  begin
    -- In one order everywhere, so that two placements wait for each other instead of deadlocking.
    for one in select distinct hash from unnest(client_hashes) as hash order by hash loop
      perform pg_advisory_xact_lock(hashtextextended(one, 0));
    end loop;
    return query
      select holders.client_hash, order_lines.product_id, orders.currency, sum(order_lines.quantity),
        cast(sum(cast(order_lines.quantity as bigint) * order_lines.unit_price_cents) as bigint)
      from holders
      join orders on orders.order_id = holders.order_id and orders.status = 'pending'
      join order_lines on order_lines.order_id = holders.order_id
      where holders.client_hash = any(client_hashes) and holders.unpaid_at is null
      group by holders.client_hash, order_lines.product_id, orders.currency;
  end $$;

alter table orders
  drop constraint orders_reason_check,
  add constraint orders_reason_check check (reason in (
    'out_of_stock', 'price_changed', 'hold_limit', 'payment_unavailable', 'payment_ended', 'hold_expired',
    'cancelled_by_shopper'
  ));

-- Whether an e-mail address has paid, and how many of its orders ended unpaid lately.
create index orders_paid_email on orders (lower(email)) where paid_at is not null;
create index orders_unpaid_email on orders (lower(email), cancelled_at)
  where paid_at is null and reason in ('payment_unavailable', 'payment_ended', 'hold_expired', 'cancelled_by_shopper');
