import pg from 'pg';
import { StartError } from './program.ts';

const notAllowed = '42501';
/** SQLSTATE of a database that does not exist. */
export const databaseMissing = '3D000';
/** SQLSTATEs that mean that another process creates the database at the same time. */
export const raceCodes: readonly string[] = ['42P04', '23505', '55006'];
// A hosted server may lack the first.
const maintenanceDatabases = ['postgres', 'template1'];
const connectTimeoutMs = 5_000;

/**
 * Creates the database of an address, in UTF-8 whatever the server's usual encoding is. Does nothing when another process was faster.
 * @throws StartError when the user may not do that
 */
export async function createDatabase(databaseUrl: string): Promise<void> {
  const url = new URL(databaseUrl);
  const name = decodeURIComponent(url.pathname.slice(1));
  const server = await connectToServer(databaseUrl);
  try {
    await server.query(`create database ${pg.escapeIdentifier(name)} encoding 'UTF8' template template0`);
  } catch (error) {
    const code = codeOf(error);
    if (code === notAllowed) throw new StartError(mayNotCreate(url, name), { cause: error });
    if (!raceCodes.includes(code)) throw error;
  } finally {
    await server.end();
  }
}

/** Connects to a server whose database does not exist yet, by one that every server has. */
export function connectToServer(databaseUrl: string): Promise<pg.Client> {
  return connectTo(new URL(databaseUrl), maintenanceDatabases);
}

async function connectTo(url: URL, [first = '', ...others]: readonly string[]): Promise<pg.Client> {
  const maintenance = new URL(url);
  maintenance.pathname = `/${first}`;
  const client = new pg.Client({
    connectionString: maintenance.href,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    if (codeOf(error) !== databaseMissing || others.length === 0) throw error;
    return connectTo(url, others);
  }
}

function mayNotCreate({ host, username }: URL, name: string): string {
  return `The user ${username} may not create the database ${name} on ${host}. Create it, or give the user the right CREATEDB.`;
}

/** The SQLSTATE of an error; empty when it has none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
