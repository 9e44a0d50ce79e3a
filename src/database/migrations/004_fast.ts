import type { Knex } from 'knex';

/** What lets requests and workflows wait without asking again and again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(firstRequest);
  await knex.raw(unheard);
}

// The request that placed an order is told so, whoever else asks with its key.
const firstRequest = `alter table orders add column request_id text check (length(request_id) between 1 and 100)`;

// Messages that no workflow has taken yet, so that their wake-ups can be repeated (workflows/wake-ups.ts).
const unheard = `create index holdfast_unheard on dbos.notifications (created_at_epoch_ms) where not consumed`;

/** Migrations only go forward. */
export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
