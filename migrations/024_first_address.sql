-- The e-mail address of the placement, once it was corrected. The digests of an order are made of it, so an erasure finds the order by it too.
alter table orders add column first_email text check (length(first_email) <= 254);

-- Housekeeping finds orders with an address by these, also with this one alone.
drop index orders_unpaid_address;
create index orders_unpaid_address on orders (cancelled_at)
  where status = 'cancelled' and paid_at is null and (email is not null or first_email is not null or address is not null);
drop index orders_ended;
create index orders_ended on orders (coalesce(refunded_at, dispatched_at, cancelled_at))
  where status in ('dispatched', 'cancelled', 'refunded')
    and (email is not null or first_email is not null or address is not null or browser_id is not null);
