-- An erasure that was asked for, and is due as soon as the order has ended.
alter table orders add column erase_asked_at timestamptz;

-- Housekeeping finds the orders whose personal data is due by these, without reading the others.
create index orders_erase_asked on orders (order_id) where erase_asked_at is not null;
create index orders_unpaid_address on orders (cancelled_at)
  where status = 'cancelled' and paid_at is null and email is not null;
create index orders_ended on orders (coalesce(refunded_at, dispatched_at, cancelled_at))
  where status in ('dispatched', 'cancelled', 'refunded') and (email is not null or browser_id is not null);

-- email: the address of a buyer whose order is unknown. transaction_id and kind: a dispute or a refund of a charge that is unknown.
-- Such an event may be about the customers of another shop, and has no body.
alter table payment_events
  add column email text,
  add column transaction_id text,
  add column kind text check (kind in ('disputed', 'refunded')),
  add constraint payment_events_unknown_charge_check check ((transaction_id is null) = (kind is null));

-- Only the fields that the shop reads stay, without the buyer. A body that is no event keeps nothing.
create function object_of(body jsonb, path text[]) returns jsonb language sql as $$
  select case when jsonb_typeof(body #> path) = 'object' then body #> path else jsonb '{}' end
$$;
create function picked(object jsonb, names text[]) returns jsonb language sql as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(object) where key = any(names)
$$;
update payment_events set
  email = case when outcome = 'unknown_order' and type like 'checkout.session.%' then coalesce(
    body #>> '{data,object,customer_details,email}', body #>> '{data,object,customer_email}'
  ) end,
  body = case
    when outcome = 'ignored' or jsonb_typeof(body #> '{data,object}') is distinct from 'object' then '{}'
    else jsonb_strip_nulls(
      picked(body, array['id', 'type', 'created', 'livemode']) || jsonb_build_object('data', jsonb_build_object('object',
        picked(object_of(body, '{data,object}'), array[
          'id', 'client_reference_id', 'amount_total', 'currency', 'payment_status', 'success_url', 'amount', 'amount_refunded'
        ]) || jsonb_build_object(
          'metadata', picked(object_of(body, '{data,object,metadata}'), array['order_id', 'correlation_token']),
          'payment_intent', coalesce(body #> '{data,object,payment_intent,id}', body #> '{data,object,payment_intent}')
        )
      ))
    )
  end
where body <> '{}';
drop function object_of(jsonb, text[]);
drop function picked(jsonb, text[]);

-- Deferred events about known orders are tried apart from those about unknown ones.
drop index payment_events_deferred;
create index payment_events_deferred on payment_events (outcome, tried_at)
  where outcome in ('unknown_order', 'too_early') and transaction_id is null;
create index payment_events_unknown_charge on payment_events (transaction_id) where transaction_id is not null;
create index payment_events_email on payment_events (received_at) where email is not null;

-- One item per order and kind, with the number of times.
alter table attention add column count integer not null default 1 check (count > 0);
with mismatch as (
  select attention_id, order_id,
    row_number() over (partition by order_id order by attention_id) as place, count(*) over (partition by order_id) as times
  from attention where kind = 'event_mismatch' and resolved_at is null and order_id is not null
)
update attention set
  detail = detail || jsonb_build_object('eventId', subject),
  subject = case place when 1 then 'order ' || mismatch.order_id else subject end,
  count = case place when 1 then times else 1 end,
  resolved_at = case when place > 1 then now() end,
  resolution = case when place > 1 then 'done' end
from mismatch where attention.attention_id = mismatch.attention_id;
