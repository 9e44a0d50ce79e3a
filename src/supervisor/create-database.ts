import { connect } from '../database/connection.ts';

/**
 * Creates the database of an address unless it is there, if the server lets this user look and create.
 * Otherwise it does nothing: who opens the database next hears a clearer reason from the server than we could give.
 */
export async function createDatabaseIfMissing(url: string): Promise<void> {
  const maintenance = new URL(url);
  const name = decodeURIComponent(maintenance.pathname.slice(1));
  maintenance.pathname = 'postgres';
  const server = connect(maintenance.href, 1);
  try {
    const existing = await server('pg_database').where({ datname: name }).first();
    if (existing === undefined) await server.raw('create database ??', [name]);
  } catch {
    // Two starts may create it at once, and a hosted server may have no such maintenance database.
  } finally {
    await server.destroy();
  }
}
