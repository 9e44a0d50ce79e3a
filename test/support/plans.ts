/** One part of a plan that was run, as Postgres explains it in JSON; counts of rows are those of one loop. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly Strategy?: string;
  readonly 'Plan Rows': number;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The limits of one statement. A statement whose cost grows exceeds them by far with a million orders. */
const atMost = { rows: 2_000, rowsInMemory: 10_000, blocks: 1_000 } as const;

/**
 * The reason why a statement costs more with the age of the shop.
 * @param growing the tables that never stop growing
 */
export function faultsOf(plan: PlanNode, growing: ReadonlySet<string>): string[] {
  const blocks = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
  const faults = partsOf(plan).flatMap((part) => faultsOfPart(part, growing));
  return blocks > atMost.blocks ? [`touches ${blocks} blocks`, ...faults] : faults;
}

/** The statements that cost more with the age of the shop, with the reasons; those that an exception allows are left out. */
export function costlyStatements(
  statements: readonly { readonly text: string; readonly plan: PlanNode }[],
  growing: ReadonlySet<string>,
  exceptions: readonly { readonly text: RegExp }[],
): Record<string, string[]> {
  const faulty = new Map<string, string[]>();
  for (const { text, plan } of statements) {
    const faults = faultsOf(plan, growing);
    if (faults.length > 0 && !exceptions.some((one) => one.text.test(text))) faulty.set(text, faults);
  }
  return Object.fromEntries(faulty);
}

/** The indexes that a plan goes through. */
export function indexesOf(plan: PlanNode): string[] {
  return partsOf(plan).flatMap((part) => [
    ...(part['Index Name'] === undefined ? [] : [part['Index Name']]),
    ...(part['Conflict Arbiter Indexes'] ?? []),
  ]);
}

function partsOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(partsOf)];
}

function faultsOfPart(part: PlanNode, growing: ReadonlySet<string>): string[] {
  const name = [part['Node Type'], part['Index Name'], part['Relation Name']].filter(Boolean).join(' ');
  const faults: string[] = [];
  if (part['Node Type'] === 'Seq Scan' && growing.has(part['Relation Name'] ?? '')) {
    faults.push(`${name}: reads the whole table`);
  }
  if (rowsOf(part) > atMost.rows) faults.push(`${name}: ${rowsOf(part)} rows`);
  if (isKept(part) && part['Plan Rows'] > atMost.rowsInMemory) {
    faults.push(`${name}: expects ${part['Plan Rows']} rows`);
  }
  return faults;
}

/** The rows that a part has looked at, also those that it did not want. */
function rowsOf(part: PlanNode): number {
  const unwanted =
    (part['Rows Removed by Filter'] ?? 0) +
    (part['Rows Removed by Index Recheck'] ?? 0) +
    (part['Rows Removed by Join Filter'] ?? 0);
  return Math.round((part['Actual Rows'] + unwanted) * part['Actual Loops']);
}

/** Whether a part keeps all that it is given before it gives any of it on. */
function isKept(part: PlanNode): boolean {
  return /Sort|Hash|Materialize/.test(part['Node Type']) || part.Strategy === 'Hashed';
}
