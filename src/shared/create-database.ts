import pg from 'pg';
import { databaseMissing } from './outage.ts';
import { StartError } from './program.ts';

const notAllowed = '42501';
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
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  const server = await connectToServer(databaseUrl);
  try {
    await server.query(`create database ${pg.escapeIdentifier(name)} encoding 'UTF8' template template0`);
  } catch (error) {
    const code = codeOf(error);
    if (code === notAllowed) throw new StartError(mayNotCreate(databaseUrl), { cause: error });
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

/** The fault of a user who may not create the database of an address. */
export function mayNotCreate(databaseUrl: string): string {
  const { host, username, pathname } = new URL(databaseUrl);
  const [user, name, server] = [username, pathname.slice(1), host].map(decodeURIComponent);
  return `The user ${user} may not create the database ${name} on ${server}. Create it, or give the user the right CREATEDB.`;
}

/** The SQLSTATE of an error; empty when it has none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
