-- An order with a code has the digest of its e-mail address also while the code has no limit by address, so that a limit that is set later
-- counts earlier uses. The address of the placement is not known any more where it was corrected.
update orders set discount_holder = encode(sha256(convert_to(lower(email), 'UTF8')), 'hex')
where discount_code is not null and discount_holder is null and email is not null;
