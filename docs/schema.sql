-- Written by `npm run db:schema`; the tests compare it with the migrations.

create extension pg_trgm;

create extension unaccent;

create table attention (
  attention_id bigint generated always as identity not null,
  kind text not null,
  subject text not null,
  order_id bigint,
  reason text not null,
  detail jsonb default '{}'::jsonb not null,
  raised_at timestamp with time zone default now() not null,
  resolved_at timestamp with time zone,
  resolution text,
  note text,
  count integer default 1 not null,
  constraint attention_pkey PRIMARY KEY (attention_id),
  constraint attention_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint attention_check CHECK (((resolved_at IS NULL) = (resolution IS NULL))),
  constraint attention_check1 CHECK (((NOT (resolution IS DISTINCT FROM 'operator'::text)) = (note IS NOT NULL))),
  constraint attention_count_check CHECK ((count > 0)),
  constraint attention_kind_check CHECK ((kind = ANY (ARRAY['event_mismatch'::text, 'event_version'::text, 'dispute'::text, 'payment_unknown'::text, 'unknown_payment'::text, 'overdue'::text, 'workflow_failed'::text, 'checkout_failed'::text, 'dispatch_failed'::text, 'refund_failed'::text, 'refund_made_twice'::text, 'email_failed'::text, 'accounts_wrong'::text, 'return_asked'::text]))),
  constraint attention_note_check CHECK ((note <> ''::text)),
  constraint attention_reason_check CHECK ((reason = ANY (ARRAY['event_differs'::text, 'event_failed'::text, 'event_version'::text, 'charge_disputed'::text, 'unknown_order'::text, 'payment_unknown'::text, 'overdue'::text, 'workflow_failed'::text, 'engine_failed'::text, 'restarted_too_often'::text, 'refund_refused'::text, 'refund_exceeds_charge'::text, 'refund_unconfirmed'::text, 'refund_made_twice'::text, 'email_refused'::text, 'email_not_sent'::text, 'accounts_wrong'::text, 'cancellation_asked'::text, 'return_asked'::text]))),
  constraint attention_resolution_check CHECK ((resolution = ANY (ARRAY['operator'::text, 'retried'::text, 'email_sent'::text, 'refund_made'::text, 'payment_decided'::text, 'done'::text, 'accounts_right'::text]))),
  constraint attention_subject_check CHECK ((subject <> ''::text))
);
CREATE INDEX attention_order_id ON public.attention USING btree (order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX attention_resolved ON public.attention USING btree (kind, subject) WHERE (resolved_at IS NOT NULL);
CREATE INDEX attention_words ON public.attention USING btree (raised_at) WHERE (((detail ->> 'error'::text) <> '(erased)'::text) OR ((detail ->> 'message'::text) <> '(erased)'::text));
CREATE UNIQUE INDEX attention_open ON public.attention USING btree (kind, subject) WHERE (resolved_at IS NULL);

create table cart_lines (
  browser_id text not null,
  product_id integer not null,
  quantity integer not null,
  unit_price_cents integer not null,
  added_at timestamp with time zone default now() not null,
  constraint cart_lines_pkey PRIMARY KEY (browser_id, product_id),
  constraint cart_lines_browser_id_fkey FOREIGN KEY (browser_id) REFERENCES carts(browser_id) ON DELETE CASCADE,
  constraint cart_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id),
  constraint cart_lines_quantity_check CHECK (((quantity >= 1) AND (quantity <= 1000))),
  constraint cart_lines_unit_price_cents_check CHECK ((unit_price_cents >= 0))
);

create table carts (
  browser_id text not null,
  checkout_key text not null,
  added_keys text[] default '{}'::text[] not null,
  updated_at timestamp with time zone default now() not null,
  changes_order_id bigint,
  constraint carts_checkout_key_key UNIQUE (checkout_key),
  constraint carts_pkey PRIMARY KEY (browser_id),
  constraint carts_changes_order_id_fkey FOREIGN KEY (changes_order_id) REFERENCES orders(order_id),
  constraint carts_added_keys_check CHECK ((cardinality(added_keys) <= 20)),
  constraint carts_browser_id_check CHECK ((browser_id ~ '^[A-Za-z0-9_-]{22}$'::text))
);
CREATE INDEX carts_updated_at ON public.carts USING btree (updated_at);

create table category_counts (
  category text not null,
  size integer not null,
  constraint category_counts_pkey PRIMARY KEY (category),
  constraint category_counts_size_check CHECK ((size >= 0))
);

create table currencies (
  currency text not null,
  digits integer not null,
  step integer not null,
  constraint currencies_pkey PRIMARY KEY (currency),
  constraint currencies_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint currencies_digits_check CHECK ((digits = ANY (ARRAY[0, 2, 3]))),
  constraint currencies_step_check CHECK ((step = ANY (ARRAY[1, 10, 100])))
);

create table delivery_methods (
  method text not null,
  name text not null,
  needs_address boolean not null,
  countries text[] default '{}'::text[] not null,
  days_from integer,
  days_to integer,
  position integer default 0 not null,
  removed_at timestamp with time zone,
  tax_class text default 'standard'::text not null,
  is_collected boolean default false not null,
  constraint delivery_methods_pkey PRIMARY KEY (method),
  constraint delivery_methods_check CHECK (((days_to >= days_from) AND (days_to <= 365))),
  constraint delivery_methods_check1 CHECK (((days_from IS NULL) = (days_to IS NULL))),
  constraint delivery_methods_check2 CHECK ((needs_address OR (countries = '{}'::text[]))),
  constraint delivery_methods_countries_check CHECK (((array_position(countries, NULL::text) IS NULL) AND (cardinality(countries) <= 300) AND ((countries = '{}'::text[]) OR (array_to_string(countries, ' '::text) ~ '^[A-Z]{2}( [A-Z]{2})*$'::text)))),
  constraint delivery_methods_days_from_check CHECK (((days_from >= 0) AND (days_from <= 365))),
  constraint delivery_methods_is_collected_check CHECK (((NOT is_collected) OR (NOT needs_address))),
  constraint delivery_methods_method_check CHECK ((method ~ '^[a-z0-9_-]{1,40}$'::text)),
  constraint delivery_methods_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint delivery_methods_tax_class_check CHECK ((tax_class ~ '^[a-z0-9_-]{1,40}$'::text))
);

create table delivery_prices (
  method text not null,
  currency text not null,
  from_grams integer default 0 not null,
  from_cents integer default 0 not null,
  price_cents integer not null,
  constraint delivery_prices_pkey PRIMARY KEY (method, currency, from_grams, from_cents),
  constraint delivery_prices_currency_fkey FOREIGN KEY (currency) REFERENCES currencies(currency),
  constraint delivery_prices_method_fkey FOREIGN KEY (method) REFERENCES delivery_methods(method),
  constraint delivery_prices_from_cents_check CHECK ((from_cents >= 0)),
  constraint delivery_prices_from_grams_check CHECK ((from_grams >= 0)),
  constraint delivery_prices_price_cents_check CHECK (((price_cents >= 0) AND (price_cents <= 99999999)))
);

create table discount_codes (
  code text not null,
  percent integer,
  amount_cents integer,
  currency text,
  minimum_cents integer default 0 not null,
  valid_from timestamp with time zone,
  valid_until timestamp with time zone,
  uses integer,
  free_uses integer,
  uses_per_email integer,
  created_at timestamp with time zone default now() not null,
  removed_at timestamp with time zone,
  constraint discount_codes_pkey PRIMARY KEY (code),
  constraint discount_codes_currency_fkey FOREIGN KEY (currency) REFERENCES currencies(currency),
  constraint discount_codes_amount_cents_check CHECK (((amount_cents >= 1) AND (amount_cents <= 99999999))),
  constraint discount_codes_check CHECK (((percent IS NULL) <> (amount_cents IS NULL))),
  constraint discount_codes_check1 CHECK (((currency IS NOT NULL) OR ((amount_cents IS NULL) AND (minimum_cents = 0)))),
  constraint discount_codes_check2 CHECK ((valid_until > valid_from)),
  constraint discount_codes_check3 CHECK (((uses IS NULL) = (free_uses IS NULL))),
  constraint discount_codes_code_check CHECK ((code ~ '^[^\s[:lower:][:cntrl:]]{3,40}$'::text)),
  constraint discount_codes_free_uses_check CHECK ((free_uses >= 0)),
  constraint discount_codes_minimum_cents_check CHECK (((minimum_cents >= 0) AND (minimum_cents <= 99999999))),
  constraint discount_codes_percent_check CHECK (((percent >= 1) AND (percent <= 100))),
  constraint discount_codes_uses_check CHECK (((uses >= 0) AND (uses <= 1000000000))),
  constraint discount_codes_uses_per_email_check CHECK (((uses_per_email >= 1) AND (uses_per_email <= 1000)))
);

create table emails (
  email_id bigint generated always as identity not null,
  order_id bigint not null,
  kind text not null,
  created_at timestamp with time zone default now() not null,
  sent_at timestamp with time zone,
  refund_id bigint,
  subject text,
  text_body text,
  html_body text,
  shipment_id bigint,
  copy integer default 0 not null,
  constraint emails_once UNIQUE NULLS NOT DISTINCT (order_id, kind, refund_id, shipment_id, copy),
  constraint emails_pkey PRIMARY KEY (email_id),
  constraint emails_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint emails_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds(refund_id),
  constraint emails_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES shipments(shipment_id),
  constraint emails_copy_check CHECK ((copy >= 0)),
  constraint emails_kind_check CHECK ((kind = ANY (ARRAY['order_confirmed'::text, 'order_cancelled'::text, 'refund_made'::text, 'shipped'::text, 'orders_found'::text]))),
  constraint emails_refund_check CHECK (((kind = 'refund_made'::text) = (refund_id IS NOT NULL))),
  constraint emails_shipment_check CHECK (((kind = 'shipped'::text) = (shipment_id IS NOT NULL)))
);
CREATE INDEX emails_orders_found ON public.emails USING btree (order_id) WHERE (kind = 'orders_found'::text);
CREATE INDEX emails_unsent ON public.emails USING btree (created_at) WHERE (sent_at IS NULL);

create table executors (
  executor_id text not null,
  host text not null,
  build text not null,
  started_at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  ended_at timestamp with time zone,
  constraint executors_pkey PRIMARY KEY (executor_id),
  constraint executors_executor_id_check CHECK ((executor_id <> ''::text))
);

create table holders (
  client_hash text not null,
  order_id bigint not null,
  unpaid_at timestamp with time zone,
  constraint holders_pkey PRIMARY KEY (client_hash, order_id),
  constraint holders_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint holders_client_hash_check CHECK (((length(client_hash) >= 16) AND (length(client_hash) <= 64)))
);
CREATE INDEX holders_order_id ON public.holders USING btree (order_id);
CREATE INDEX holders_unpaid_at ON public.holders USING btree (unpaid_at) WHERE (unpaid_at IS NOT NULL);

create table order_history (
  history_id bigint generated always as identity not null,
  order_id bigint not null,
  at timestamp with time zone default now() not null,
  what text not null,
  detail jsonb default '{}'::jsonb not null,
  constraint order_history_pkey PRIMARY KEY (history_id),
  constraint order_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint order_history_what_check CHECK ((what <> ''::text))
);
CREATE INDEX order_history_order_id ON public.order_history USING btree (order_id, history_id);

create table order_lines (
  order_id bigint not null,
  product_id integer not null,
  quantity integer not null,
  unit_price_cents integer not null,
  returned integer default 0 not null,
  discount_cents integer default 0 not null,
  tax_cents integer default 0 not null,
  tax_rate integer,
  shipped integer default 0 not null,
  stopped integer default 0 not null,
  constraint order_lines_pkey PRIMARY KEY (order_id, product_id),
  constraint order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint order_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id),
  constraint order_lines_discount_check CHECK (((discount_cents >= 0) AND (discount_cents <= ((quantity)::bigint * unit_price_cents)))),
  constraint order_lines_left_check CHECK (((shipped + stopped) <= quantity)),
  constraint order_lines_quantity_check CHECK ((quantity > 0)),
  constraint order_lines_returned_check CHECK (((returned >= 0) AND (returned <= quantity))),
  constraint order_lines_shipped_check CHECK ((shipped >= 0)),
  constraint order_lines_stopped_check CHECK ((stopped >= 0)),
  constraint order_lines_tax_cents_check CHECK ((tax_cents >= 0)),
  constraint order_lines_tax_check CHECK (((tax_rate IS NOT NULL) OR (tax_cents = 0))),
  constraint order_lines_tax_rate_check CHECK (((tax_rate >= 0) AND (tax_rate <= 1000000))),
  constraint order_lines_unit_price_cents_check CHECK ((unit_price_cents >= 0))
);

create table orders (
  order_id bigint generated always as identity not null,
  checkout_key text not null,
  request_hash text not null,
  token text not null,
  browser_id text,
  request_id text not null,
  status text not null,
  reason text,
  email text,
  total_cents integer not null,
  currency text not null,
  created_at timestamp with time zone default now() not null,
  hold_expires_at timestamp with time zone not null,
  paid_at timestamp with time zone,
  dispatch_due_at timestamp with time zone,
  dispatched_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  refunded_at timestamp with time zone,
  erase_asked_at timestamp with time zone,
  subtotal_cents integer not null,
  delivery_cents integer default 0 not null,
  delivery_method text,
  delivery_name text,
  delivery_days_from integer,
  delivery_days_to integer,
  address jsonb,
  discount_cents integer default 0 not null,
  tax_cents integer default 0 not null,
  tax_name text,
  tax_included boolean default false not null,
  delivery_tax_cents integer default 0 not null,
  delivery_tax_rate integer,
  discount_code text,
  uses_code boolean default false not null,
  discount_holder text,
  fulfilment text default 'automatic'::text not null,
  nothing_sent boolean default false not null,
  first_email text,
  constraint orders_checkout_key_key UNIQUE (checkout_key),
  constraint orders_token_key UNIQUE (token),
  constraint orders_pkey PRIMARY KEY (order_id),
  constraint orders_delivery_method_fkey FOREIGN KEY (delivery_method) REFERENCES delivery_methods(method),
  constraint orders_discount_code_fkey FOREIGN KEY (discount_code) REFERENCES discount_codes(code),
  constraint orders_address_check CHECK ((jsonb_typeof(address) = 'object'::text)),
  constraint orders_browser_id_check CHECK ((browser_id ~ '^[A-Za-z0-9_-]{22}$'::text)),
  constraint orders_check CHECK (((status = ANY (ARRAY['paid'::text, 'dispatched'::text, 'refunded'::text])) <= (paid_at IS NOT NULL))),
  constraint orders_check1 CHECK (((status = 'paid'::text) <= (dispatch_due_at IS NOT NULL))),
  constraint orders_check2 CHECK (((status = 'dispatched'::text) <= (dispatched_at IS NOT NULL))),
  constraint orders_check3 CHECK (((status = 'cancelled'::text) <= ((cancelled_at IS NOT NULL) AND (reason IS NOT NULL)))),
  constraint orders_check4 CHECK (((status = 'refunded'::text) <= (refunded_at IS NOT NULL))),
  constraint orders_check5 CHECK (((delivery_tax_cents >= 0) AND (delivery_tax_cents <= tax_cents))),
  constraint orders_check6 CHECK (((NOT uses_code) OR (discount_code IS NOT NULL))),
  constraint orders_check7 CHECK (((NOT nothing_sent) OR (dispatched_at IS NOT NULL))),
  constraint orders_checkout_key_check CHECK ((((length(checkout_key) >= 1) AND (length(checkout_key) <= 200)) AND (checkout_key !~ '[^A-Za-z0-9._-]'::text))),
  constraint orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint orders_delivery_cents_check CHECK ((delivery_cents >= 0)),
  constraint orders_delivery_check CHECK (((delivery_method IS NULL) = (delivery_name IS NULL))),
  constraint orders_delivery_tax_rate_check CHECK (((delivery_tax_rate >= 0) AND (delivery_tax_rate <= 1000000))),
  constraint orders_discount_cents_check CHECK ((discount_cents >= 0)),
  constraint orders_discount_check CHECK (((discount_cents <= subtotal_cents) AND ((discount_code IS NOT NULL) OR (discount_cents = 0)))),
  constraint orders_email_check CHECK ((length(email) <= 254)),
  constraint orders_first_email_check CHECK ((length(first_email) <= 254)),
  constraint orders_fulfilment_check CHECK ((fulfilment = ANY (ARRAY['automatic'::text, 'manual'::text]))),
  constraint orders_reason_check CHECK ((reason = ANY (ARRAY['out_of_stock'::text, 'price_changed'::text, 'hold_limit'::text, 'delivery_unavailable'::text, 'code_unavailable'::text, 'changed_order_paid'::text, 'change_unavailable'::text, 'payment_unavailable'::text, 'payment_ended'::text, 'hold_expired'::text, 'cancelled_by_shopper'::text, 'changed_by_shopper'::text]))),
  constraint orders_request_hash_check CHECK (((length(request_hash) = 64) AND (request_hash !~ '[^0-9a-f]'::text))),
  constraint orders_request_id_check CHECK (((length(request_id) >= 1) AND (length(request_id) <= 100))),
  constraint orders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'paid'::text, 'dispatched'::text, 'cancelled'::text, 'refunded'::text]))),
  constraint orders_tax_cents_check CHECK ((tax_cents >= 0)),
  constraint orders_tax_check CHECK (((tax_name IS NOT NULL) OR ((tax_cents = 0) AND (NOT tax_included)))),
  constraint orders_token_check CHECK ((length(token) >= 22)),
  constraint orders_total_cents_check CHECK ((total_cents >= 0)),
  constraint orders_total_check CHECK ((total_cents = (((subtotal_cents - discount_cents) + delivery_cents) +
CASE
    WHEN tax_included THEN 0
    ELSE tax_cents
END))),
  constraint orders_undelivered_check CHECK (((delivery_method IS NOT NULL) OR (delivery_cents = 0)))
);
CREATE INDEX orders_browser_id ON public.orders USING btree (browser_id, order_id) WHERE (browser_id IS NOT NULL);
CREATE INDEX orders_dispatch_due ON public.orders USING btree (dispatch_due_at) WHERE (status = 'paid'::text);
CREATE INDEX orders_ended ON public.orders USING btree (COALESCE(refunded_at, dispatched_at, cancelled_at)) WHERE ((status = ANY (ARRAY['dispatched'::text, 'cancelled'::text, 'refunded'::text])) AND ((email IS NOT NULL) OR (first_email IS NOT NULL) OR (address IS NOT NULL) OR (browser_id IS NOT NULL)));
CREATE INDEX orders_erase_asked ON public.orders USING btree (order_id) WHERE (erase_asked_at IS NOT NULL);
CREATE INDEX orders_paid_email ON public.orders USING btree (lower(email)) WHERE (paid_at IS NOT NULL);
CREATE INDEX orders_pending ON public.orders USING btree (hold_expires_at) WHERE (status = 'pending'::text);
CREATE INDEX orders_unpaid_address ON public.orders USING btree (cancelled_at) WHERE ((status = 'cancelled'::text) AND (paid_at IS NULL) AND ((email IS NOT NULL) OR (first_email IS NOT NULL) OR (address IS NOT NULL)));
CREATE INDEX orders_unpaid_email ON public.orders USING btree (lower(email), cancelled_at) WHERE ((paid_at IS NULL) AND (reason = ANY (ARRAY['payment_unavailable'::text, 'payment_ended'::text, 'hold_expired'::text, 'cancelled_by_shopper'::text])));
CREATE INDEX orders_uses_code ON public.orders USING btree (discount_code, discount_holder) WHERE uses_code;

create table payment_events (
  event_id text not null,
  type text not null,
  body jsonb not null,
  outcome text not null,
  order_id bigint,
  received_at timestamp with time zone default now() not null,
  tried_at timestamp with time zone default now() not null,
  email text,
  transaction_id text,
  kind text,
  constraint payment_events_pkey PRIMARY KEY (event_id),
  constraint payment_events_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint payment_events_event_id_check CHECK (((length(event_id) >= 1) AND (length(event_id) <= 255))),
  constraint payment_events_kind_check CHECK ((kind = ANY (ARRAY['disputed'::text, 'refunded'::text]))),
  constraint payment_events_outcome_check CHECK ((outcome = ANY (ARRAY['applied'::text, 'no_change'::text, 'ignored'::text, 'late'::text, 'mismatch'::text, 'unknown_order'::text, 'too_early'::text]))),
  constraint payment_events_unknown_charge_check CHECK (((transaction_id IS NULL) = (kind IS NULL)))
);
CREATE INDEX payment_events_deferred ON public.payment_events USING btree (outcome, tried_at) WHERE ((outcome = ANY (ARRAY['unknown_order'::text, 'too_early'::text])) AND (transaction_id IS NULL));
CREATE INDEX payment_events_email ON public.payment_events USING btree (received_at) WHERE (email IS NOT NULL);
CREATE INDEX payment_events_too_early ON public.payment_events USING btree (order_id) WHERE (outcome = 'too_early'::text);
CREATE INDEX payment_events_unknown_charge ON public.payment_events USING btree (transaction_id) WHERE (transaction_id IS NOT NULL);

create table payments (
  order_id bigint not null,
  state text not null,
  session_id text,
  url text,
  amount_cents integer not null,
  currency text not null,
  transaction_id text,
  updated_at timestamp with time zone default now() not null,
  refunded_cents integer default 0 not null,
  constraint payments_session_id_key UNIQUE (session_id),
  constraint payments_pkey PRIMARY KEY (order_id),
  constraint payments_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders(order_id),
  constraint payments_amount_cents_check CHECK ((amount_cents >= 0)),
  constraint payments_check CHECK (((state = 'open'::text) <= ((session_id IS NOT NULL) AND (url IS NOT NULL)))),
  constraint payments_check1 CHECK (((state = ANY (ARRAY['paid'::text, 'settled'::text, 'refund_due'::text, 'refunded'::text])) <= (transaction_id IS NOT NULL))),
  constraint payments_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint payments_refund_state_check CHECK (((state = ANY (ARRAY['refund_due'::text, 'refunded'::text])) = ((refunded_cents = amount_cents) AND (refunded_cents > 0)))),
  constraint payments_refunded_cents_check CHECK (((refunded_cents >= 0) AND (refunded_cents <= amount_cents))),
  constraint payments_state_check CHECK ((state = ANY (ARRAY['creating'::text, 'open'::text, 'paid'::text, 'settled'::text, 'expired'::text, 'refund_due'::text, 'refunded'::text])))
);
CREATE UNIQUE INDEX payments_transaction_id ON public.payments USING btree (transaction_id);

create table product_words (
  product_id integer not null,
  field smallint not null,
  word text not null,
  constraint product_words_word_field_product_id_key UNIQUE (word, field, product_id),
  constraint product_words_pkey PRIMARY KEY (product_id, field, word),
  constraint product_words_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id) ON DELETE CASCADE,
  constraint product_words_field_check CHECK (((field >= 1) AND (field <= 6)))
);

create table products (
  product_id integer generated always as identity not null,
  sku text not null,
  product text not null,
  description text not null,
  price_cents integer not null,
  currency text not null,
  image text not null,
  restock_level integer not null,
  category text,
  weight_grams integer default 0 not null,
  tax_class text default 'standard'::text not null,
  constraint products_sku_key UNIQUE (sku),
  constraint products_pkey PRIMARY KEY (product_id),
  constraint products_category_check CHECK (((category = btrim(category)) AND ((length(category) >= 1) AND (length(category) <= 60)) AND (category !~ '[\u0001-\u001f\u007f-\u009f]'::text))),
  constraint products_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint products_price_cents_check CHECK ((price_cents >= 0)),
  constraint products_product_check CHECK ((product <> ''::text)),
  constraint products_restock_level_check CHECK ((restock_level >= 0)),
  constraint products_sku_check CHECK ((sku ~ '^[A-Za-z0-9._-]{1,64}$'::text)),
  constraint products_tax_class_check CHECK ((tax_class ~ '^[a-z0-9_-]{1,40}$'::text)),
  constraint products_weight_grams_check CHECK (((weight_grams >= 0) AND (weight_grams <= 10000000)))
);
CREATE INDEX products_category ON public.products USING btree (category, product_id);
CREATE INDEX products_name ON public.products USING btree (lower(product), product_id);
CREATE INDEX products_price ON public.products USING btree (price_cents, product_id);

create table reconciliation (
  scope text not null,
  runs integer not null,
  last_run_at timestamp with time zone not null,
  repaired jsonb not null,
  report jsonb not null,
  constraint reconciliation_pkey PRIMARY KEY (scope),
  constraint reconciliation_scope_check CHECK ((scope = ANY (ARRAY['shop'::text, 'provider'::text])))
);

create table refund_lines (
  refund_id bigint not null,
  product_id integer not null,
  quantity integer not null,
  amount_cents integer not null,
  tax_cents integer not null,
  constraint refund_lines_pkey PRIMARY KEY (refund_id, product_id),
  constraint refund_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id),
  constraint refund_lines_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds(refund_id),
  constraint refund_lines_amount_cents_check CHECK ((amount_cents >= 0)),
  constraint refund_lines_quantity_check CHECK ((quantity > 0)),
  constraint refund_lines_tax_cents_check CHECK ((tax_cents >= 0))
);

create table refunds (
  refund_id bigint generated always as identity not null,
  order_id bigint not null,
  amount_cents integer not null,
  reason text not null,
  note text,
  actor text not null,
  request_key text not null,
  request text,
  state text not null,
  provider_refund_id text,
  created_at timestamp with time zone default now() not null,
  made_at timestamp with time zone,
  for_delivery_cents integer default 0 not null,
  for_delivery_tax_cents integer default 0 not null,
  constraint refunds_provider_refund_id_key UNIQUE (provider_refund_id),
  constraint refunds_request_key_key UNIQUE (request_key),
  constraint refunds_pkey PRIMARY KEY (refund_id),
  constraint refunds_order_id_fkey FOREIGN KEY (order_id) REFERENCES payments(order_id),
  constraint refunds_actor_check CHECK ((actor <> ''::text)),
  constraint refunds_amount_cents_check CHECK (((amount_cents > 0) OR ((amount_cents = 0) AND (state = 'made'::text)))),
  constraint refunds_check CHECK (((state = 'made'::text) = (made_at IS NOT NULL))),
  constraint refunds_check1 CHECK (((reason = 'operator'::text) = (note IS NOT NULL))),
  constraint refunds_for_delivery_cents_check CHECK ((for_delivery_cents >= 0)),
  constraint refunds_for_delivery_tax_cents_check CHECK ((for_delivery_tax_cents >= 0)),
  constraint refunds_note_check CHECK ((note <> ''::text)),
  constraint refunds_reason_check CHECK ((reason = ANY (ARRAY['operator'::text, 'late_payment'::text, 'external_refund'::text]))),
  constraint refunds_state_check CHECK ((state = ANY (ARRAY['due'::text, 'made'::text])))
);
CREATE INDEX refunds_due ON public.refunds USING btree (order_id) WHERE (state = 'due'::text);
CREATE INDEX refunds_order_id ON public.refunds USING btree (order_id);

create table restarts (
  workflow text not null,
  id bigint not null,
  count integer not null,
  constraint restarts_pkey PRIMARY KEY (workflow, id),
  constraint restarts_count_check CHECK ((count > 0))
);

create table search_words (
  word text not null,
  stem text default stem_of(word) not null,
  misspellings text[] default misspellings_of(word) not null,
  constraint search_words_pkey PRIMARY KEY (word)
);
CREATE INDEX search_words_misspellings ON public.search_words USING gin (misspellings);
CREATE INDEX search_words_parts ON public.search_words USING gin (word gin_trgm_ops);
CREATE INDEX search_words_stem ON public.search_words USING btree (stem);

create table shipment_lines (
  shipment_id bigint not null,
  order_id bigint not null,
  product_id integer not null,
  quantity integer not null,
  constraint shipment_lines_pkey PRIMARY KEY (order_id, shipment_id, product_id),
  constraint shipment_lines_order_id_product_id_fkey FOREIGN KEY (order_id, product_id) REFERENCES order_lines(order_id, product_id),
  constraint shipment_lines_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES shipments(shipment_id),
  constraint shipment_lines_quantity_check CHECK ((quantity > 0))
);

create table shipments (
  shipment_id bigint generated always as identity not null,
  order_id bigint not null,
  carrier text,
  tracking_number text,
  link text,
  actor text not null,
  request_key text,
  request text,
  shipped_at timestamp with time zone default now() not null,
  constraint shipments_request_key_key UNIQUE (request_key),
  constraint shipments_pkey PRIMARY KEY (shipment_id),
  constraint shipments_order_id_fkey FOREIGN KEY (order_id) REFERENCES payments(order_id),
  constraint shipments_actor_check CHECK ((actor <> ''::text)),
  constraint shipments_carrier_check CHECK (((length(carrier) >= 1) AND (length(carrier) <= 60))),
  constraint shipments_link_check CHECK ((((link ~~ 'https://%'::text) OR (link ~~ 'http://%'::text)) AND (length(link) <= 500))),
  constraint shipments_tracking_number_check CHECK (((length(tracking_number) >= 1) AND (length(tracking_number) <= 60)))
);
CREATE INDEX shipments_order_id ON public.shipments USING btree (order_id);
CREATE INDEX shipments_tracked ON public.shipments USING btree (shipped_at) WHERE ((tracking_number IS NOT NULL) OR (link IS NOT NULL));

create table stock (
  product_id integer not null,
  available integer not null,
  constraint stock_pkey PRIMARY KEY (product_id),
  constraint stock_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id),
  constraint stock_available_check CHECK ((available >= 0))
);

create table supply (
  supply_id bigint generated always as identity not null,
  product_id integer not null,
  quantity integer not null,
  reason text not null,
  actor text not null,
  request_key text not null,
  at timestamp with time zone default now() not null,
  constraint supply_request_key_key UNIQUE (request_key),
  constraint supply_pkey PRIMARY KEY (supply_id),
  constraint supply_product_id_fkey FOREIGN KEY (product_id) REFERENCES products(product_id),
  constraint supply_actor_check CHECK ((actor <> ''::text)),
  constraint supply_reason_check CHECK ((reason <> ''::text))
);

create table take_overs (
  take_over_id bigint generated always as identity not null,
  taken_at timestamp with time zone default now() not null,
  from_executor text not null,
  by_executor text not null,
  workflows integer not null,
  constraint take_overs_pkey PRIMARY KEY (take_over_id),
  constraint take_overs_workflows_check CHECK ((workflows > 0))
);

create table tax_rates (
  country text not null,
  region text default ''::text not null,
  tax_class text not null,
  rate integer not null,
  constraint tax_rates_pkey PRIMARY KEY (country, region, tax_class),
  constraint tax_rates_country_region_fkey FOREIGN KEY (country, region) REFERENCES tax_zones(country, region) ON DELETE CASCADE,
  constraint tax_rates_rate_check CHECK (((rate >= 0) AND (rate <= 1000000))),
  constraint tax_rates_tax_class_check CHECK ((tax_class ~ '^[a-z0-9_-]{1,40}$'::text))
);

create table tax_zones (
  country text not null,
  region text default ''::text not null,
  name text not null,
  included boolean not null,
  constraint tax_zones_pkey PRIMARY KEY (country, region),
  constraint tax_zones_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint tax_zones_name_check CHECK (((length(name) >= 1) AND (length(name) <= 40))),
  constraint tax_zones_region_check CHECK ((region ~ '^[A-Z0-9]{0,3}$'::text))
);

create table terms (
  is_only boolean default true not null,
  version bigint not null,
  country text,
  region text default ''::text not null,
  constraint terms_pkey PRIMARY KEY (is_only),
  constraint terms_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint terms_is_only_check CHECK (is_only),
  constraint terms_region_check CHECK ((region ~ '^[A-Z0-9]{0,3}$'::text))
);

create view discount_accounts as
 SELECT discount_codes.code,
    discount_codes.free_uses AS free,
    COALESCE(counted.held, 0::bigint)::integer AS held,
    COALESCE(counted.used, 0::bigint)::integer AS used,
    discount_codes.uses AS issued,
    discount_codes.uses IS NULL OR (discount_codes.free_uses + COALESCE(counted.held, 0::bigint) + COALESCE(counted.used, 0::bigint)) = discount_codes.uses AS balanced
   FROM discount_codes
     LEFT JOIN ( SELECT orders.discount_code AS code,
            count(*) FILTER (WHERE orders.status = 'pending'::text) AS held,
            count(*) FILTER (WHERE orders.status <> 'pending'::text) AS used
           FROM orders
          WHERE orders.uses_code
          GROUP BY orders.discount_code) counted USING (code);

create view due_work as
 SELECT work.workflow,
    work.id,
    work.order_id,
    work.due_at,
    COALESCE((((work.workflow || '-'::text) || work.id) || '-'::text) || restarts.count, work.first_workflow_id) AS workflow_id
   FROM ( SELECT 'resume-checkout'::text AS workflow,
            orders.order_id AS id,
            orders.order_id,
                CASE
                    WHEN payments.state = ANY (ARRAY['paid'::text, 'expired'::text]) THEN payments.updated_at
                    ELSE orders.hold_expires_at
                END AS due_at,
            'checkout-'::text || orders.checkout_key AS first_workflow_id
           FROM orders
             JOIN payments USING (order_id)
          WHERE orders.status = 'pending'::text
        UNION ALL
         SELECT 'dispatch'::text,
            orders.order_id,
            orders.order_id,
            orders.dispatch_due_at,
            'dispatch-'::text || orders.order_id
           FROM orders
             JOIN payments USING (order_id)
          WHERE orders.status = 'paid'::text AND payments.state = 'settled'::text AND orders.fulfilment = 'automatic'::text
        UNION ALL
         SELECT 'refund'::text,
            refunds.refund_id,
            refunds.order_id,
            refunds.created_at,
            'refund-'::text || refunds.refund_id
           FROM refunds
          WHERE refunds.state = 'due'::text
        UNION ALL
         SELECT 'email'::text,
            emails.email_id,
            emails.order_id,
            emails.created_at,
            'email-'::text || emails.email_id
           FROM emails
          WHERE emails.sent_at IS NULL) work
     LEFT JOIN restarts USING (workflow, id);

create view stock_accounts as
 SELECT products.product_id,
    products.sku,
    stock.available,
    COALESCE(lines.held, 0::bigint)::integer AS held,
    COALESCE(lines.sold, 0::bigint)::integer AS sold,
    COALESCE(given.supplied, 0::bigint)::integer AS supplied,
    (stock.available + COALESCE(lines.held, 0::bigint) + COALESCE(lines.sold, 0::bigint)) = COALESCE(given.supplied, 0::bigint) AS balanced
   FROM products
     JOIN stock USING (product_id)
     LEFT JOIN ( SELECT order_lines.product_id,
            sum(order_lines.quantity) FILTER (WHERE orders.status = 'pending'::text) AS held,
            sum(order_lines.quantity - order_lines.returned) FILTER (WHERE orders.status = ANY (ARRAY['paid'::text, 'dispatched'::text, 'refunded'::text])) AS sold
           FROM order_lines
             JOIN orders USING (order_id)
          GROUP BY order_lines.product_id) lines USING (product_id)
     LEFT JOIN ( SELECT supply.product_id,
            sum(supply.quantity) AS supplied
           FROM supply
          GROUP BY supply.product_id) given USING (product_id);

CREATE OR REPLACE FUNCTION public.change_terms()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    update terms set version = version + 1;
    return null;
  end $function$
;
CREATE TRIGGER delivery_methods_change_terms AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.delivery_methods FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER delivery_prices_change_terms AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.delivery_prices FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER discount_codes_change_terms AFTER UPDATE OF percent, amount_cents, currency, minimum_cents ON public.discount_codes FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER products_change_terms AFTER UPDATE OF weight_grams ON public.products FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER products_tax_class_change_terms AFTER UPDATE OF tax_class ON public.products FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER tax_rates_change_terms AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.tax_rates FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER tax_zones_change_terms AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.tax_zones FOR EACH STATEMENT EXECUTE FUNCTION change_terms();
CREATE TRIGGER terms_change_terms AFTER UPDATE OF country, region ON public.terms FOR EACH STATEMENT EXECUTE FUNCTION change_terms();

CREATE OR REPLACE FUNCTION public.limit_delivery()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
  end $function$
;
CREATE TRIGGER delivery_methods_limit AFTER INSERT OR UPDATE ON public.delivery_methods FOR EACH STATEMENT EXECUTE FUNCTION limit_delivery();
CREATE TRIGGER delivery_prices_limit AFTER INSERT OR UPDATE ON public.delivery_prices FOR EACH STATEMENT EXECUTE FUNCTION limit_delivery();

CREATE OR REPLACE FUNCTION public.check_delivery_price()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  declare
    price_step integer := (select step from currencies where currency = new.currency);
  begin
    if new.price_cents % price_step <> 0 then
      raise exception 'The payment provider does not take the price % of the delivery "%": in % it must be a multiple of %.',
        new.price_cents, new.method, new.currency, price_step
        using errcode = 'check_violation', constraint = 'delivery_prices_price_check';
    end if;
    return new;
  end $function$
;
CREATE TRIGGER delivery_prices_check_price BEFORE INSERT OR UPDATE ON public.delivery_prices FOR EACH ROW EXECUTE FUNCTION check_delivery_price();

CREATE OR REPLACE FUNCTION public.check_discount_amount()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  declare
    price_step integer := (select step from currencies where currency = new.currency);
  begin
    if new.amount_cents % price_step <> 0 then
      raise exception 'The payment provider does not take the amount % of the code %: in % it must be a multiple of %.',
        new.amount_cents, new.code, new.currency, price_step
        using errcode = 'check_violation', constraint = 'discount_codes_amount_check';
    end if;
    return new;
  end $function$
;
CREATE TRIGGER discount_codes_check_amount BEFORE INSERT OR UPDATE OF amount_cents, currency ON public.discount_codes FOR EACH ROW EXECUTE FUNCTION check_discount_amount();

CREATE OR REPLACE FUNCTION public.issue_uses()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    if new.uses is null then
      new.free_uses := null;
    elsif tg_op = 'INSERT' then
      new.free_uses := new.uses;
    else
      new.free_uses := new.uses - (
        select count(*) from orders where discount_code = new.code and uses_code
      );
    end if;
    return new;
  end $function$
;
CREATE TRIGGER discount_codes_issue_uses BEFORE INSERT OR UPDATE OF uses ON public.discount_codes FOR EACH ROW EXECUTE FUNCTION issue_uses();

CREATE OR REPLACE FUNCTION public.notify_order_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    perform pg_notify('order_changed', new.order_id::text);
    return null;
  end $function$
;
CREATE TRIGGER order_history_notify AFTER INSERT ON public.order_history FOR EACH ROW WHEN ((new.what <> 'placed'::text)) EXECUTE FUNCTION notify_order_change();
CREATE TRIGGER payments_notify AFTER UPDATE OF state ON public.payments FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION notify_order_change();

CREATE OR REPLACE FUNCTION public.check_price()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
  end $function$
;
CREATE TRIGGER products_check_price BEFORE INSERT OR UPDATE OF price_cents, currency ON public.products FOR EACH ROW EXECUTE FUNCTION check_price();

CREATE OR REPLACE FUNCTION public.forget_products()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO '$user', 'public'
AS $function$
  begin
    delete from category_counts;
    return null;
  end $function$
;
CREATE TRIGGER products_forget AFTER TRUNCATE ON public.products FOR EACH STATEMENT EXECUTE FUNCTION forget_products();

CREATE OR REPLACE FUNCTION public.index_products()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO '$user', 'public'
AS $function$
  declare
    changed integer[];
  begin
    if tg_op = 'INSERT' then
      changed := array(select product_id from added);
    elsif tg_op = 'DELETE' then
      changed := array(select product_id from removed);
    else
      changed := array(
        select product_id from added join removed using (product_id)
        where (added.sku, added.product, added.description, added.category)
          is distinct from (removed.sku, removed.product, removed.description, removed.category)
      );
    end if;
    if tg_op <> 'INSERT' then
      delete from product_words where product_id = any(changed);
      update category_counts set size = category_counts.size - gone.size
      from (
        select coalesce(category, '') as category, count(*) as size from removed where product_id = any(changed) group by 1
      ) as gone
      where category_counts.category = gone.category;
    end if;
    if tg_op <> 'DELETE' then
      insert into search_words (word)
      select distinct words.word from added cross join words_of_product(sku, product, description, category) as words
      where product_id = any(changed) and words.field < 5
      order by words.word
      on conflict do nothing;
      insert into product_words (product_id, field, word)
      select product_id, words.field, words.word
      from added cross join words_of_product(sku, product, description, category) as words
      where product_id = any(changed);
      insert into category_counts (category, size)
      select coalesce(category, ''), count(*) from added where product_id = any(changed) group by 1 order by 1
      on conflict (category) do update set size = category_counts.size + excluded.size;
    end if;
    return null;
  end $function$
;
CREATE TRIGGER products_index_added AFTER INSERT ON public.products REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION index_products();
CREATE TRIGGER products_index_changed AFTER UPDATE ON public.products REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION index_products();
CREATE TRIGGER products_index_removed AFTER DELETE ON public.products REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION index_products();

CREATE OR REPLACE FUNCTION public.lock_clients(client_hashes text[])
 RETURNS TABLE(client_hash text, product_id integer, currency text, units bigint, cents bigint)
 LANGUAGE plpgsql
AS $function$
  declare
    one text;
  begin
    -- In one order everywhere, so that two placements wait for each other instead of deadlocking.
    for one in select distinct hash from unnest(client_hashes) as hash order by hash loop
      perform pg_advisory_xact_lock(hashtextextended(one, 0));
    end loop;
    return query
      select holders.client_hash, order_lines.product_id, orders.currency, sum(order_lines.quantity),
        cast(sum(cast(order_lines.quantity as bigint) * order_lines.unit_price_cents) as bigint)
      from holders
      join orders on orders.order_id = holders.order_id and orders.status = 'pending'
      join order_lines on order_lines.order_id = holders.order_id
      where holders.client_hash = any(client_hashes) and holders.unpaid_at is null
      group by holders.client_hash, order_lines.product_id, orders.currency;
  end $function$
;

CREATE OR REPLACE FUNCTION public.lock_code(wanted text, holder text)
 RETURNS TABLE(free_uses integer, uses_per_email integer, uses_of_holder bigint, is_valid boolean)
 LANGUAGE plpgsql
 ROWS 1
AS $function$
  begin
    perform from discount_codes where code = wanted for update;
    return query
      select discount_codes.free_uses, discount_codes.uses_per_email,
        (select count(*) from orders where discount_code = wanted and discount_holder = holder and uses_code),
        removed_at is null and coalesce(valid_from <= clock_timestamp(), true) and coalesce(valid_until > clock_timestamp(), true)
      from discount_codes where code = wanted;
  end $function$
;

CREATE OR REPLACE FUNCTION public.meanings_of(typed text)
 RETURNS TABLE(word text, likeness real)
 LANGUAGE plpgsql
 STABLE PARALLEL SAFE ROWS 20
 SET search_path TO '$user', 'public'
 SET "pg_trgm.similarity_threshold" TO '0.25'
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  declare
    -- The end of the words that begin with the typed one.
    beyond text collate "C" := typed || chr(1114111);
    twice text[];
  begin
    return query
      select candidates.word, cast(max(candidates.likeness) as real)
      from (
        select typed collate "C" as word, 1.0 as likeness
        union all select search_words.word, 0.95 from search_words where stem = stem_of(typed)
        union all select search_words.word, 0.9 from search_words
          where length(typed) > 1 and search_words.word >= typed and search_words.word < beyond
        union all select search_words.word, 0.6 from search_words
          where octet_length(typed) > 2 and search_words.word like '%' || typed || '%'
      ) as candidates
      where exists (select from product_words where product_words.word = candidates.word)
      group by candidates.word;
    if found or typed ~ '\d' then
      return;
    end if;
    return query
      select candidates.word, cast(max(candidates.likeness) as real)
      from (
        select search_words.word, 0.5 as likeness from search_words
        where misspellings && (misspellings_of(typed) || misspellings_of(regexp_replace(regexp_replace(typed, 'ies$', 'y'), 's$', '')))
        union all select search_words.word, 0.5 * similarity(search_words.word, typed) from search_words
        where length(typed) > 5 and search_words.word % typed and similarity(search_words.word, typed) >= 0.4
      ) as candidates
      where exists (select from product_words where product_words.word = candidates.word)
      group by candidates.word;
    if found or length(typed) < 6 then
      return;
    end if;
    -- Two typing errors.
    twice := misspellings_twice(typed);
    return query
      select cast(search_words.word as text), cast(0.5 * similarity(search_words.word, typed) as real) from search_words
      where search_words.word % typed and length(search_words.word) between greatest(6, length(typed) - 2) and length(typed) + 2
        and misspellings_twice(search_words.word) && twice
        and exists (select from product_words where product_words.word = search_words.word);
  end $function$
;

CREATE OR REPLACE FUNCTION public.misspellings_of(word text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN (length(word) < 3) THEN '{}'::text[] WHEN ((length(word) = 3) OR (length(word) > 20)) THEN ARRAY[word] ELSE ARRAY(SELECT misspellings_of.word AS word UNION SELECT OVERLAY(misspellings_of.word PLACING ''::text FROM letter.letter FOR 1) AS "overlay" FROM generate_series(1, length(misspellings_of.word)) letter(letter)) END
;

CREATE OR REPLACE FUNCTION public.misspellings_twice(word text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ARRAY(SELECT DISTINCT unnest(misspellings_of(once.once)) AS unnest FROM unnest(misspellings_of(misspellings_twice.word)) once(once))
;

CREATE OR REPLACE FUNCTION public.search_products(searched text)
 RETURNS TABLE(product_id integer, score double precision)
 LANGUAGE plpgsql
 STABLE PARALLEL SAFE ROWS 100
 SET search_path TO '$user', 'public'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  #variable_conflict use_column
  declare
    -- By the field of a word.
    weights constant double precision[] := array[10, 20, 30, 40, 30, 40];
    terms text[] := terms_of(searched);
    compact text := array_to_string(words_of(searched), '');
    -- The products whose whole SKU this is.
    named integer[] := array(select product_id from product_words where field = 5 and word = compact);
    -- The products of a word that few have: only these can have every word. Null when there is no such word.
    candidates integer[];
    few constant integer := 200;
  begin
    -- One word, by far the most frequent search.
    if terms = array[compact] then
      return query
        select product_id, max(likeness * weights[field]) + case when product_id = any(named) then 1000 else 0 end
        from meanings_of(terms[1]) as meanings join product_words using (word)
        group by product_id;
      return;
    end if;
    for place in 1 .. cardinality(terms) loop
      candidates := array(
        select product_id from meanings_of(terms[place]) as meanings join product_words using (word) limit few + 1
      );
      exit when cardinality(candidates) <= few;
      candidates := null;
    end loop;
    return query
      with hits as (
        select having_word.product_id, wanted.place, max(likeness * weights[field]) as score
        from unnest(terms) with ordinality as wanted (term, place)
        cross join lateral meanings_of(wanted.term) as meanings
        cross join lateral (
          select product_id, field from product_words where candidates is null and word = meanings.word
          union all
          select product_id, field from product_words where product_id = any(candidates) and word = meanings.word
        ) as having_word
        group by having_word.product_id, wanted.place
        union all
        select unnest(named), 0, 1000
      )
      select product_id, sum(score) from hits
      group by product_id
      having count(*) filter (where place > 0) = cardinality(terms) or bool_or(place = 0);
  end $function$
;

CREATE OR REPLACE FUNCTION public.stem_of(word text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN COALESCE((ts_lexize('english_stem'::regdictionary, word))[1], word)
;

CREATE OR REPLACE FUNCTION public.suggested_words(searched text)
 RETURNS TABLE(place bigint, word text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO '$user', 'public'
 SET "pg_trgm.similarity_threshold" TO '0.25'
AS $function$
  begin
    return query
      select terms.place, coalesce(
        (
          select case when likeness > 0.5 then terms.term else meanings.word end from meanings_of(terms.term) as meanings
          order by likeness desc, meanings.word limit 1
        ),
        (
          select cast(search_words.word as text) from search_words
          where search_words.word % terms.term and terms.term !~ '\d'
            and exists (select from product_words where product_words.word = search_words.word and field in (2, 4))
          order by similarity(search_words.word, terms.term) desc, search_words.word limit 1
        )
      )
      from unnest(terms_of(searched)) with ordinality as terms (term, place)
      order by terms.place;
  end $function$
;

CREATE OR REPLACE FUNCTION public.terms_of(searched text)
 RETURNS text[]
 LANGUAGE sql
 STABLE PARALLEL SAFE
BEGIN ATOMIC
 WITH terms AS (
          SELECT words.word,
             min(words.place) AS place,
             (ts_lexize('english_stem'::regdictionary, words.word) = '{}'::text[]) AS common
            FROM unnest(words_of(terms_of.searched)) WITH ORDINALITY words(word, place)
           GROUP BY words.word
         )
  SELECT COALESCE(array_agg(terms.word ORDER BY terms.place), '{}'::text[]) AS "coalesce"
    FROM terms
   WHERE ((NOT terms.common) OR (NOT (EXISTS ( SELECT
            FROM terms others
           WHERE (NOT others.common)))));
END
;

CREATE OR REPLACE FUNCTION public.words_of(given text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN array_remove(regexp_split_to_array(lower(unaccent(NORMALIZE(regexp_replace(NORMALIZE(given, NFKD), '[\u0027\u0060\u02bc\u2018\u2019\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u00ad]'::text, ''::text, 'g'::text), NFKC))), '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u060c\u061b\u061f\u066a-\u066d\u0964\u0965\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ue000-\uf8ff\ufe00-\ufe1f\ufe30-\ufe4f\ufeff\ufffc\ufffd\U0001f000-\U0001faff\U000e0000-\U000e0fff]+'::text), ''::text)
;

CREATE OR REPLACE FUNCTION public.words_of_product(sku text, product text, description text, category text)
 RETURNS TABLE(field smallint, word text)
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
 SELECT DISTINCT (texts.field)::smallint AS field,
     substr(texts.word, start.start, 40) AS substr
    FROM (( SELECT 1 AS field,
             unnest(words_of(words_of_product.description)) AS word
         UNION ALL
          SELECT 2,
             unnest(words_of(words_of_product.category)) AS unnest
         UNION ALL
          SELECT 3,
             unnest(words_of(words_of_product.sku)) AS unnest
         UNION ALL
          SELECT 4,
             unnest(words_of(words_of_product.product)) AS unnest
         UNION ALL
          SELECT 6,
             (names.word || lead(names.word) OVER (ORDER BY names.place))
            FROM unnest(words_of(words_of_product.product)) WITH ORDINALITY names(word, place)
         UNION ALL
          SELECT 5,
             array_to_string(words_of(words_of_product.sku), ''::text) AS array_to_string) texts
      CROSS JOIN LATERAL generate_series(1, GREATEST((length(texts.word) - 20), 1), 20) start(start))
   WHERE (texts.word <> ''::text);
END
;
