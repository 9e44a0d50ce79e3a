import pg from 'pg';

/** A finished order and the values that identify it in its rows. */
export interface Original {
  readonly orderId: number;
  readonly key: string;
  readonly token: string;
  readonly browserId: string;
}

/** A table that holds rows of orders. */
export interface OrderTable {
  /** Quoted, with its schema. */
  readonly name: string;
  /** The column with the order id or a workflow id. */
  readonly owner: string;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly numbered: boolean;
}

/** Lists the shop's and the engine's tables with rows of orders. */
export async function listOrderTables(sql: pg.Client): Promise<OrderTable[]> {
  const { rows } = await sql.query<OrderTable>(
    `select format('%I.%I', table_schema, table_name) as name,
       min(column_name) filter (where column_name = any($1)) as owner,
       json_agg(json_build_object('name', column_name, 'type', data_type, 'numbered', is_identity = 'YES')
         order by ordinal_position) as columns
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema in ('public', 'dbos') and table_type = 'BASE TABLE'
     group by table_schema, table_name
     having bool_or(column_name = any($1))
     order by name`,
    [['order_id', 'workflow_uuid', 'destination_uuid']],
  );
  return rows;
}

// More rows than one order has in any table.
const rowsMax = 16;

/**
 * @returns the statement that copies an original's rows in one table, or nothing when it has none there. The statement
 * adds a copy for each row of the table `copies` (number, key, token, browser_id, age_ms), where the number is the order
 * id. The rows of one copy are adjacent, as those of a real order are.
 */
export async function copyStatement(
  sql: pg.Client,
  { name, owner, columns }: OrderTable,
  original: Original,
): Promise<string[]> {
  const list = columns.map((column) => pg.escapeIdentifier(column.name)).join(', ');
  const { rows } = await sql.query<(string | null)[]>({
    text: `select ${columns.map((column) => `${pg.escapeIdentifier(column.name)}::text`).join(', ')} from ${name}
           where ${owner}::text ~ $1 or strpos(${owner}::text, $2) > 0 order by ctid`,
    values: [`(^|-)${original.orderId}$`, original.key],
    rowMode: 'array',
  });
  if (rows.length === 0) return [];
  if (rows.length > rowsMax) throw new Error(`An order has ${rows.length} rows in ${name}.`);
  const sets = rows.map((row, index) => {
    const values = columns.map((column, position) =>
      column.numbered && column.name !== owner
        ? `(number * ${rowsMax} + ${index})::${column.type}`
        : valueOfCopy(column, row[position] ?? null, original),
    );
    return `(${values.join(', ')})`;
  });
  return [
    `insert into ${name} (${list}) overriding system value
     select row.* from copies cross join lateral (values ${sets.join(', ')}) as row (${list})`,
  ];
}

/** @returns SQL for the copy of a value. */
function valueOfCopy({ name, type }: Column, value: string | null, original: Original): string {
  if (value === null) return `null::${type}`;
  const literal = `${pg.escapeLiteral(value)}::${type}`;
  if (type === 'timestamp with time zone') return `${literal} - age_ms * interval '1 ms'`;
  if (type === 'bigint' && /(_at|_ms|timestamp)$/.test(name)) return `${literal} - age_ms::bigint`;
  return renamed(value, original, type) ?? literal;
}

/** @returns SQL that replaces the original's identifiers by the copy's; undefined when the value contains none. */
function renamed(
  value: string,
  { orderId, key, token, browserId }: Original,
  type: string,
): string | undefined {
  const names = new Map([
    [String(orderId), 'number'],
    [key, 'key'],
    [token, 'token'],
    [browserId, 'browser_id'],
  ]);
  const parts = value.split(new RegExp(`(${[...names.keys()].join('|')})`)).filter((part) => part !== '');
  if (!parts.some((part) => names.has(part))) return undefined;
  const text = parts.map((part) => names.get(part) ?? pg.escapeLiteral(part)).join(' || ');
  return `(${text})::${type}`;
}
