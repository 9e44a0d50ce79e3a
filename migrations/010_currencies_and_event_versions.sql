-- The provider's currencies. src/shared/currencies.ts has the same rows, and their source. A price is a multiple of its currency's step.
create table currencies (
  currency text primary key check (currency ~ '^[A-Z]{3}$'),
  digits integer not null check (digits in (0, 2, 3)),
  step integer not null check (step in (1, 10, 100))
);
insert into currencies (currency, digits, step)
  select currency, 2, 1 from unnest(string_to_array(
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK '
    'DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR '
    'LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB '
    'SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW', ' '
  )) as currency
  union all select currency, 2, 100 from unnest(array['ISK', 'UGX']) as currency
  union all select currency, 0, 1 from unnest(string_to_array(
    'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF', ' '
  )) as currency
  union all select currency, 3, 10 from unnest(array['BHD', 'JOD', 'KWD', 'OMR', 'TND']) as currency;

-- Refuses a price that the provider would refuse at every checkout. A trigger and no constraint, because a product from before this
-- migration keeps its price until somebody changes it.
create function check_price() returns trigger language plpgsql as $$
  declare
    price_step integer;
  begin
    if tg_op = 'UPDATE' and (new.price_cents, new.currency) = (old.price_cents, old.currency) then
      return new;
    end if;
    select step into price_step from currencies where currency = new.currency;
    if price_step is null then
      raise exception 'The payment provider does not take the currency "%" of product "%".', new.currency, new.sku
        using errcode = 'check_violation', constraint = 'products_price_check',
          hint = 'The table currencies has the codes, in capitals.';
    elsif new.price_cents % price_step <> 0 then
      raise exception 'The payment provider does not take the price % of product "%": in % it must be a multiple of %.',
        new.price_cents, new.sku, new.currency, price_step
        using errcode = 'check_violation', constraint = 'products_price_check',
          hint = 'price_cents are minor units, as the table currencies counts them.';
    elsif new.price_cents > 99999999 then
      raise exception 'The payment provider does not take the price % of product "%": it has more than eight digits.',
        new.price_cents, new.sku
        using errcode = 'check_violation', constraint = 'products_price_check';
    end if;
    return new;
  end $$;
create trigger products_check_price before insert or update of price_cents, currency on products
  for each row execute function check_price();

-- Events of the provider in another version of its format.
alter table attention
  drop constraint attention_kind_check,
  add constraint attention_kind_check check (kind in (
    'event_mismatch', 'event_version', 'dispute', 'payment_unknown', 'unknown_payment', 'overdue', 'workflow_failed',
    'checkout_failed', 'dispatch_failed', 'refund_failed', 'refund_made_twice', 'email_failed', 'accounts_wrong'
  )),
  drop constraint attention_reason_check,
  add constraint attention_reason_check check (reason in (
    'event_differs', 'event_failed', 'event_version', 'charge_disputed', 'unknown_order', 'payment_unknown', 'overdue',
    'workflow_failed', 'engine_failed', 'restarted_too_often', 'refund_refused', 'refund_exceeds_charge', 'refund_unconfirmed',
    'refund_made_twice', 'email_refused', 'email_not_sent', 'accounts_wrong'
  ));
