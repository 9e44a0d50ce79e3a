-- A method that named a country by NULL or by no code keeps its other countries. Without any, it would deliver everywhere: it is removed.
update delivery_methods
set countries = array(select distinct code from unnest(countries) as code where code ~ '^[A-Z]{2}$' order by code),
  removed_at = case
    when exists (select from unnest(countries) as code where code ~ '^[A-Z]{2}$') then removed_at
    else coalesce(removed_at, now())
  end
where exists (select from unnest(countries) as code where (code ~ '^[A-Z]{2}$') is not true);

alter table delivery_methods
  drop constraint delivery_methods_countries_check,
  add constraint delivery_methods_countries_check check (
    array_position(countries, null) is null and cardinality(countries) <= 300
    and (countries = '{}' or array_to_string(countries, ' ') ~ '^[A-Z]{2}( [A-Z]{2})*$')
  );

-- Every checkout reads the methods with their prices. Runs after the triggers that lock the terms, so that two changes at once are counted
-- one after the other.
create function limit_delivery() returns trigger language plpgsql as $$
  begin
    if (select count(*) from delivery_methods where removed_at is null) > 50 then
      raise exception 'A shop offers at most 50 delivery methods at once. Remove one first.'
        using errcode = 'check_violation', constraint = 'delivery_methods_limit';
    end if;
    if exists (select from delivery_prices group by method, currency having count(*) > 100) then
      raise exception 'A delivery method has at most 100 prices in one currency.'
        using errcode = 'check_violation', constraint = 'delivery_prices_limit';
    end if;
    return null;
  end $$;
create trigger delivery_methods_limit after insert or update on delivery_methods
  for each statement execute function limit_delivery();
create trigger delivery_prices_limit after insert or update on delivery_prices
  for each statement execute function limit_delivery();
