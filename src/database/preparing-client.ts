import pg from 'pg';

// The shop and the engine send far fewer texts; what builds its texts anew each time must not fill the server's memory.
const textsAtMost = 500;
const planIsStale = '0A000';
// What it returns changes with every column that a migration adds, and Postgres refuses its old plan then.
const returnsAllColumns = /\.\*|(select|returning) \*/i;

let names = new Map<string, string>();
let generation = 0;

/**
 * A connection on which Postgres parses each text once: a statement with values is prepared, under a name that is the same on
 * every connection of this process. When a migration has changed the type of a column, and Postgres refuses an old plan, every
 * statement is prepared anew from then on.
 */
export class PreparingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // While a pool hands it from one to the next nobody listens for a moment, and an error that nobody hears ends the process.
    this.on('error', () => undefined);
    this.connection.on('errorMessage', ({ code }: pg.DatabaseError) => {
      if (code === planIsStale) prepareAnew();
    });
  }

  // One method with many signatures stands behind this one; only the statement and its values matter here.
  override query(...args: never[]): never {
    const [statement, values, ...rest] = args as unknown[];
    const prepared = prepare(statement, values);
    const given = prepared ? [prepared, ...(Array.isArray(values) ? [] : [values]), ...rest] : args;
    // oxlint-disable-next-line typescript/unbound-method -- it is called on this connection
    return Reflect.apply(super.query, this, given) as never;
  }
}

interface Prepared {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name: string | undefined;
}

/** The statement under its name; undefined for what has no values, which is sent as it is. */
function prepare(statement: unknown, values: unknown): Prepared | undefined {
  if (typeof statement === 'string') {
    return isList(values) ? { text: statement, values, name: nameOf(statement) } : undefined;
  }
  const query = statement as Prepared & { readonly submit?: unknown };
  if (query.submit !== undefined || !isList(query.values)) return undefined;
  return { ...query, name: nameOf(query.text) };
}

function isList(values: unknown): values is readonly unknown[] {
  return Array.isArray(values) && values.length > 0;
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= textsAtMost || returnsAllColumns.test(text)) return known;
  const name = `holdfast_${generation}_${names.size}`;
  names.set(text, name);
  return name;
}

function prepareAnew(): void {
  names = new Map();
  generation += 1;
}
