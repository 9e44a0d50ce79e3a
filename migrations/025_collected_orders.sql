-- Whether the buyer of an order fetches it. A method without an address does not say so: a shop may ask for the address elsewhere.
alter table delivery_methods
  add column is_collected boolean not null default false,
  add constraint delivery_methods_is_collected_check check (not is_collected or not needs_address);

-- Filled by a change of the type, because an update changes the terms, and every review that is open would be shown again.
alter table delivery_methods
  alter column is_collected type boolean using method = 'collect' and not needs_address;
