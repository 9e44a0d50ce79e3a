-- Who ships an order that is paid: the dispatch workflow once it is due, or an operator by then (decision 33).
alter table orders
  add column fulfilment text not null default 'automatic' check (fulfilment in ('automatic', 'manual'));

-- Of the units of a line, some are shipped, some will never be, because they were refunded before, and the others are left to ship.
alter table order_lines
  add column shipped integer not null default 0 check (shipped >= 0),
  add column stopped integer not null default 0 check (stopped >= 0),
  add constraint order_lines_left_check check (shipped + stopped <= quantity);

-- A parcel. That of the dispatch workflow has no key, and nothing of a carrier.
create table shipments (
  shipment_id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  order_id bigint not null references payments,
  carrier text check (length(carrier) between 1 and 60),
  tracking_number text check (length(tracking_number) between 1 and 60),
  link text check ((link like 'https://%' or link like 'http://%') and length(link) <= 500),
  actor text not null check (actor <> ''),
  request_key text unique,
  request text,
  shipped_at timestamptz not null default now()
);
create index shipments_order_id on shipments (order_id);
-- Housekeeping removes both when they are old.
create index shipments_tracked on shipments (shipped_at) where tracking_number is not null or link is not null;

-- By order first: contents are read with their order.
create table shipment_lines (
  shipment_id bigint not null references shipments,
  order_id bigint not null,
  product_id integer not null,
  quantity integer not null check (quantity > 0),
  primary key (order_id, shipment_id, product_id),
  foreign key (order_id, product_id) references order_lines
);

-- Builds before this one dispatched without counting units, so the orders that they dispatched get their parcels now.
with shipped as (
  insert into shipments (order_id, actor, shipped_at)
  select order_id, 'dispatch', dispatched_at from orders where dispatched_at is not null order by order_id
  returning shipment_id, order_id
)
insert into shipment_lines (shipment_id, order_id, product_id, quantity)
select shipment_id, order_id, product_id, quantity from shipped join order_lines using (order_id);
update order_lines set shipped = quantity
from orders where orders.order_id = order_lines.order_id and dispatched_at is not null;
update order_lines set stopped = quantity
from orders join payments using (order_id)
where orders.order_id = order_lines.order_id and dispatched_at is null and state in ('refund_due', 'refunded');

-- One message for each parcel of an operator.
alter table emails
  add column shipment_id bigint references shipments,
  drop constraint emails_kind_check,
  add constraint emails_kind_check check (kind in ('order_confirmed', 'order_cancelled', 'refund_made', 'shipped')),
  add constraint emails_shipment_check check ((kind = 'shipped') = (shipment_id is not null)),
  drop constraint emails_once,
  add constraint emails_once unique nulls not distinct (order_id, kind, refund_id, shipment_id);

-- As before; an order that an operator ships is no work of a workflow.
create or replace view due_work as
  select workflow, id, order_id, due_at,
    coalesce(workflow || '-' || id || '-' || count, first_workflow_id) as workflow_id
  from (
    select 'resume-checkout' as workflow, order_id as id, order_id,
      case when state in ('paid', 'expired') then payments.updated_at else hold_expires_at end as due_at,
      'checkout-' || checkout_key as first_workflow_id
    from orders join payments using (order_id) where status = 'pending'
    union all
    select 'dispatch', order_id, order_id, dispatch_due_at, 'dispatch-' || order_id
    from orders join payments using (order_id) where status = 'paid' and state = 'settled' and fulfilment = 'automatic'
    union all
    select 'refund', refund_id, order_id, created_at, 'refund-' || refund_id
    from refunds where state = 'due'
    union all
    select 'email', email_id, order_id, created_at, 'email-' || email_id
    from emails where sent_at is null
  ) as work
  left join restarts using (workflow, id);
