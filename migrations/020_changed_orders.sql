-- The pending order whose place the content of a cart shall take (decision 32).
alter table carts add column changes_order_id bigint references orders;

-- `changed_by_shopper`: another order took its place. `changed_order_paid` and `change_unavailable`: it should have taken the place of
-- one that was paid, or whose payment could not be ended.
alter table orders
  drop constraint orders_reason_check,
  add constraint orders_reason_check check (reason in (
    'out_of_stock', 'price_changed', 'hold_limit', 'delivery_unavailable', 'code_unavailable', 'changed_order_paid', 'change_unavailable',
    'payment_unavailable', 'payment_ended', 'hold_expired', 'cancelled_by_shopper', 'changed_by_shopper'
  ));
