import type { Knex } from 'knex';

// Any constant: it prevents two starting processes from creating the same table at once.
const advisoryLock = 80_862_024;

const tables = `
  create table if not exists sessions (
    id text primary key,
    position bigint generated always as identity unique,
    status text not null default 'open' check (status in ('open', 'complete', 'expired')),
    payment text not null default 'unpaid' check (payment in ('unpaid', 'processing', 'paid', 'failed')),
    currency text not null check (currency ~ '^[a-z]{3}$'),
    amount_total integer not null check (amount_total > 0),
    line_items jsonb not null,
    client_reference_id text,
    customer_email text,
    metadata jsonb not null,
    intent_metadata jsonb not null,
    success_url text not null,
    cancel_url text,
    payment_intent text unique,
    last_decline text check (last_decline in ('generic_decline', 'insufficient_funds', 'authentication_required')),
    settles_at timestamptz,
    settles_with text check (settles_with in ('succeeded', 'failed')),
    faults jsonb,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    check ((status = 'complete') = (payment <> 'unpaid')),
    check (payment = 'unpaid' or payment_intent is not null),
    check ((settles_at is null) = (settles_with is null)),
    check (settles_at is null or payment = 'processing')
  );
  alter table sessions add column if not exists shipping jsonb;
  alter table sessions add column if not exists amount_discount integer not null default 0 check (amount_discount >= 0);
  alter table sessions add column if not exists coupon text;
  create index if not exists sessions_open on sessions (expires_at) where status = 'open';
  create index if not exists sessions_settling on sessions (settles_at) where settles_at is not null;
  create index if not exists sessions_with_faults on sessions (position) where faults is not null;

  create table if not exists coupons (
    id text primary key,
    amount_off integer not null check (amount_off > 0),
    currency text not null check (currency ~ '^[a-z]{3}$'),
    max_redemptions integer check (max_redemptions > 0),
    name text,
    metadata jsonb not null,
    created_at timestamptz not null default now()
  );
  create index if not exists sessions_coupon on sessions (coupon) where coupon is not null;

  create table if not exists charges (
    id text primary key,
    session_id text not null unique references sessions,
    amount integer not null check (amount > 0),
    amount_refunded integer not null default 0 check (amount_refunded between 0 and amount),
    currency text not null,
    created_at timestamptz not null default now()
  );

  create table if not exists refunds (
    id text primary key,
    position bigint generated always as identity unique,
    charge_id text not null references charges,
    amount integer not null check (amount > 0),
    reason text check (reason in ('duplicate', 'fraudulent', 'requested_by_customer')),
    metadata jsonb not null,
    created_at timestamptz not null default now()
  );
  create index if not exists refunds_of_charge on refunds (charge_id);

  create table if not exists disputes (
    id text primary key,
    charge_id text not null unique references charges,
    amount integer not null check (amount > 0),
    created_at timestamptz not null default now()
  );

  create table if not exists events (
    id text primary key,
    position bigint generated always as identity unique,
    session_id text references sessions,
    type text not null,
    body text not null,
    -- Never posted, like a lost webhook.
    withheld boolean not null default false,
    -- Held until a later event of the same session was delivered.
    held boolean not null default false,
    -- The number of deliveries that are left.
    copies integer not null default 1 check (copies >= 0),
    -- The forgery that is posted before it, as an index.
    forgery integer,
    attempts integer not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null default now(),
    delivered_at timestamptz,
    created_at timestamptz not null default now()
  );
  create index if not exists events_waiting on events (next_attempt_at) where delivered_at is null and not withheld;
  create index if not exists events_held on events (session_id) where held;

  create table if not exists idempotency_keys (
    key text primary key,
    request_hash text not null,
    status integer not null,
    body jsonb not null,
    created_at timestamptz not null default now()
  );

  -- One row: the general faults. A session may have faults of its own.
  create table if not exists faults (
    singleton boolean primary key default true check (singleton),
    seed text not null default '1',
    rates jsonb not null default '{}',
    settings jsonb not null default '{}'
  );
  insert into faults default values on conflict do nothing;

  -- The number of calls or events of one kind while faults were enabled.
  create table if not exists occurrences (
    kind text not null,
    reference text not null,
    count integer not null,
    primary key (kind, reference)
  );

  -- Never updated, so that no transaction waits for another one's count.
  create table if not exists fault_hits (
    position bigint generated always as identity primary key,
    fault text not null
  );
`;

/** Creates the missing tables in one transaction. Several processes may do so at once. */
export async function createTables(database: Knex): Promise<void> {
  await database.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(?)', [advisoryLock]);
    await trx.raw(tables);
  });
}
