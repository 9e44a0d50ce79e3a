-- The e-mail address of the placement, once it was corrected. The digests of an order are made of it, so an erasure finds the order by it too.
alter table orders add column first_email text check (length(first_email) <= 254);
