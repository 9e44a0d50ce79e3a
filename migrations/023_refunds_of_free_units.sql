-- A refund of units that cost nothing stops them, and no money goes back: it is made at once.
alter table refunds
  drop constraint refunds_amount_cents_check,
  add constraint refunds_amount_cents_check check (amount_cents > 0 or (amount_cents = 0 and state = 'made'));
