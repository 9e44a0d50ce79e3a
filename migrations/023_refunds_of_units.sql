-- A refund of units that cost nothing stops them, and no money goes back: it is made at once.
alter table refunds
  drop constraint refunds_amount_cents_check,
  add constraint refunds_amount_cents_check check (amount_cents > 0 or (amount_cents = 0 and state = 'made'));

-- An order is dispatched once nothing is left to ship. Of one whose units were all refunded before, nothing was sent.
alter table orders add column nothing_sent boolean not null default false check (not nothing_sent or dispatched_at is not null);
