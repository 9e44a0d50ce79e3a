import pg from 'pg';

const answerWithinMs = 5_000;

/**
 * Whether the statements of one connection reach several connections of the server, as behind PgBouncer in transaction mode. LISTEN,
 * prepared statements and the settings of a session do not work there.
 * @throws when the database does not answer
 */
export async function sharesConnections(databaseUrl: string): Promise<boolean> {
  const [one, other] = ['one', 'other'].map((name) => ({
    name,
    client: new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: answerWithinMs,
      query_timeout: answerWithinMs,
    }),
  }));
  if (!one || !other) return false;
  try {
    for (const { name, client } of [one, other]) {
      client.on('error', () => undefined);
      await client.connect();
      await client.query(`set holdfast.connection = '${name}'`);
    }
    const { rows } = await one.client.query<{ name: string | null }>(
      `select current_setting('holdfast.connection', true) as name`,
    );
    return rows[0]?.name !== one.name;
  } finally {
    await Promise.all([one.client.end(), other.client.end()]).catch(() => undefined);
  }
}
