import type { Database } from './connection.ts';

// Any constant will do; it keeps two starting processes from creating the same table at once.
const advisoryLock = 80_862_024;

const tables = `
  create table if not exists sessions (
    id text primary key,
    position bigint generated always as identity unique,
    status text not null default 'open' check (status in ('open', 'complete', 'expired')),
    currency text not null check (currency ~ '^[a-z]{3}$'),
    amount_total bigint not null check (amount_total > 0),
    line_items jsonb not null,
    client_reference_id text,
    customer_email text,
    metadata jsonb not null,
    success_url text not null,
    cancel_url text,
    payment_intent text unique,
    last_decline text check (last_decline in ('card_declined')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    check ((status = 'complete') = (payment_intent is not null))
  );
  create index if not exists sessions_open on sessions (expires_at) where status = 'open';

  create table if not exists charges (
    id text primary key,
    session_id text not null unique references sessions,
    amount bigint not null check (amount > 0),
    currency text not null,
    created_at timestamptz not null default now()
  );

  create table if not exists events (
    id text primary key,
    type text not null,
    body text not null,
    attempts integer not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null default now(),
    delivered_at timestamptz,
    created_at timestamptz not null default now()
  );
  create index if not exists events_waiting on events (next_attempt_at) where delivered_at is null;

  create table if not exists idempotency_keys (
    key text primary key,
    request_hash text not null,
    status integer,
    body jsonb,
    created_at timestamptz not null default now()
  );
`;

/** Creates what is missing, all or nothing, however many processes start at once. */
export async function createTables(database: Database): Promise<void> {
  await database.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(?)', [advisoryLock]);
    await trx.raw(tables);
  });
}
