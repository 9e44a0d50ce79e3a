import pg from 'pg';
import { connectToServer, mayNotCreate } from '../shared/create-database.ts';

const oldestMajor = 15;
const connectTimeoutMs = 5_000;

interface Server {
  readonly version: string;
  readonly number: number;
  readonly encoding: string;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly unsafe: string[];
  readonly user: string;
  readonly mayCreate: boolean;
  readonly missingRights: string[];
  readonly missingExtensions: string[];
  readonly reservedExtensions: string[];
}

export interface ServerFaultsOptions {
  /** Whether the database may be written now. A shop that runs waits for that, a start does not. */
  readonly writable: boolean;
  /** Whether a server that may lose a confirmed commit is refused. */
  readonly durable: boolean;
  /** Whether the database does not exist yet, so that only its server counts. */
  readonly toBeCreated?: boolean;
  /** Whether the engine has its tables there, too. */
  readonly engine?: boolean;
}

/**
 * Finds the reasons for which the shop cannot work with a database, all of them, and changes nothing.
 * @returns each as a sentence with what to do
 * @throws when there is no answer, or no such database
 */
export async function findServerFaults(databaseUrl: string, options: ServerFaultsOptions): Promise<string[]> {
  const client = options.toBeCreated ? await connectToServer(databaseUrl) : await connectTo(databaseUrl);
  try {
    const { rows } = await client.query<Server>(serverStatement);
    return rows.flatMap((server) => faultsOf(databaseUrl, server, options));
  } finally {
    await client.end();
  }
}

async function connectTo(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function faultsOf(databaseUrl: string, server: Server, options: ServerFaultsOptions): string[] {
  const { version, number, encoding, standby, readOnly, unsafe, user, mayCreate } = server;
  const { writable, durable, toBeCreated = false, engine = true } = options;
  const missingRights = server.missingRights.filter((right) => engine || right !== engineRight);
  // The payment service searches nothing.
  const missingExtensions = engine ? server.missingExtensions : [];
  const reservedExtensions = engine ? server.reservedExtensions : [];
  const faults = [
    number < oldestMajor * 10_000 && `It is Postgres ${version}, and the shop needs ${oldestMajor} or later.`,
    !toBeCreated &&
      encoding !== 'UTF8' &&
      `Its encoding is ${encoding}, which cannot store every name. Create it anew: create database … encoding 'UTF8' template template0.`,
    writable && standby && 'It is a standby. Use the address of the primary.',
    writable && !standby && readOnly && 'It is read-only (default_transaction_read_only). Turn that off.',
    durable &&
      unsafe.length > 0 &&
      `It may lose what it has confirmed: ${unsafe.join(', ')} is off. Turn it on.`,
    toBeCreated && !mayCreate && mayNotCreate(databaseUrl),
    !toBeCreated &&
      missingRights.length > 0 &&
      `The user ${user} lacks rights: ${missingRights.join('; ')}. Grant them.`,
    missingExtensions.length > 0 &&
      `It lacks the extensions ${missingExtensions.join(', ')}, which come with Postgres (on many systems in a package postgresql-contrib). Install them on its server.`,
    !toBeCreated &&
      reservedExtensions.length > 0 &&
      `The user ${user} may not create the extensions ${reservedExtensions.join(', ')} here. Let an administrator run: ${reservedExtensions.map((name) => `create extension ${name};`).join(' ')}`,
  ];
  return faults.filter((fault) => fault !== false);
}

const rightsShown = 5;
const engineRight = 'create on the database';

// The search of the catalogue needs these. A trusted one may be created by every user who may create in the database.
const extensions = `
  select name, exists (select from pg_extension where extname = name) as is_created,
    exists (select from pg_available_extensions where pg_available_extensions.name = needed.name) as is_installed,
    exists (
      select from pg_available_extension_versions
      where pg_available_extension_versions.name = needed.name and trusted
    ) as is_trusted
  from unnest(array['pg_trgm', 'unaccent']) as needed (name)`;

// A database that is to be migrated needs a schema for the engine and tables in `public`; tables that are there need to be written, and
// views need to be read.
const serverStatement = `
  with extension as materialized (${extensions})
  select current_setting('server_version') as version, cast(current_setting('server_version_num') as integer) as number,
    current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby,
    current_setting('transaction_read_only') = 'on' as "readOnly", current_user as user,
    exists (select from pg_roles where rolname = current_user and (rolcreatedb or rolsuper)) as "mayCreate",
    array(
      select cast(name as text) from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name
    ) as unsafe,
    array(
      select '${engineRight}' where not has_database_privilege(current_database(), 'create')
        and (to_regnamespace('dbos') is null or exists (
          select from extension where not is_created and is_trusted
        ))
      union all
      select distinct 'usage on the schema ' || nspname from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
      where extname in ('pg_trgm', 'unaccent') and nspname <> 'public' and not has_schema_privilege(extnamespace, 'usage')
      union all
      select 'usage and create on the schema ' || nspname from pg_namespace
      where nspname in ('public', 'dbos') and not (has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create'))
      union all
      (select 'select, insert, update and delete on ' || cast(oid as regclass) from pg_class
       where relnamespace in (to_regnamespace('public'), to_regnamespace('dbos')) and relkind = 'r' and not (
         has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
         and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete')
       )
       order by relname limit ${rightsShown})
      union all
      (select 'select on ' || cast(oid as regclass) from pg_class
       where relnamespace = to_regnamespace('public') and relkind = 'v' and not has_table_privilege(oid, 'select') order by relname)
    ) as "missingRights",
    array(
      select cast(name as text) from extension where not is_created and not is_installed order by name
    ) as "missingExtensions",
    array(
      select cast(name as text) from extension
      where not is_created and is_installed and not is_trusted
        and not (select rolsuper from pg_roles where rolname = current_user) order by name
    ) as "reservedExtensions"`;
