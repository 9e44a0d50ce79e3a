-- Numbers of orders, refunds and attention items have 64 bits. Builds before this one would read them as texts. JSON keeps
-- whole numbers up to 2^53 - 1 exactly, so the sequences end there.
drop view due_work;
drop view stock_accounts;

alter table orders
  alter column order_id type bigint,
  alter column order_id set maxvalue 9007199254740991;
alter table order_lines alter column order_id type bigint;
alter table order_history alter column order_id type bigint;
alter table payments alter column order_id type bigint;
alter table payment_events alter column order_id type bigint;
alter table refunds
  alter column refund_id type bigint,
  alter column refund_id set maxvalue 9007199254740991,
  alter column order_id type bigint;
alter table emails
  alter column email_id set maxvalue 9007199254740991,
  alter column refund_id type bigint,
  alter column order_id type bigint;
alter table attention
  alter column attention_id type bigint,
  alter column attention_id set maxvalue 9007199254740991,
  alter column order_id type bigint;
alter table restarts alter column id type bigint;

-- As before; only the number of an e-mail stays what it is.
create view due_work as
  select workflow, id, order_id, due_at,
    coalesce(workflow || '-' || id || '-' || count, first_workflow_id) as workflow_id
  from (
    select 'resume-checkout' as workflow, order_id as id, order_id,
      case when state in ('paid', 'expired') then payments.updated_at else hold_expires_at end as due_at,
      'checkout-' || checkout_key as first_workflow_id
    from orders join payments using (order_id) where status = 'pending'
    union all
    select 'dispatch', order_id, order_id, dispatch_due_at, 'dispatch-' || order_id
    from orders join payments using (order_id) where status = 'paid' and state = 'settled'
    union all
    select 'refund', refund_id, order_id, created_at, 'refund-' || refund_id
    from refunds where state = 'due'
    union all
    select 'email', email_id, order_id, created_at, 'email-' || email_id
    from emails where sent_at is null
  ) as work
  left join restarts using (workflow, id);

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
