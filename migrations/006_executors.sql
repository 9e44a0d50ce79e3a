-- The shop processes. Each start has an id of its own. A process renews its row every second; one that ended, or has been silent
-- for too long, has an end. Its workflows go to the living ones, and then its row is removed.
create table executors (
  executor_id text primary key check (executor_id <> ''),
  host text not null,
  build text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  ended_at timestamptz
);

-- What was taken over from a process that ended, in one row per batch and the process that took it.
create table take_overs (
  take_over_id bigint generated always as identity primary key,
  taken_at timestamptz not null default now(),
  from_executor text not null,
  by_executor text not null,
  workflows integer not null check (workflows > 0)
);
