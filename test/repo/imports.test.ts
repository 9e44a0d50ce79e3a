import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';

// Checks all imports, type imports included, against the table under "Import rules" in docs/ARCHITECTURE.md.

interface Row {
  readonly names: readonly string[];
  readonly mayImport: readonly string[];
  readonly packages: readonly string[];
  readonly everything: boolean;
}

type Sources = ReadonlyMap<string, string>;

const root = new URL('../../', import.meta.url);
const rows = readRows(await readFile(new URL('docs/ARCHITECTURE.md', root), 'utf8'));
const names = rows.flatMap((row) => row.names);
const restrictedPackages = rows.flatMap((row) => row.packages);
const sources = await readSources();

function readRows(document: string): Row[] {
  const section = /^## Import rules\n(.*?)^## /ms.exec(document)?.[1] ?? '';
  const table: Row[] = [];
  for (const line of section.split('\n').filter((text) => text.startsWith('| `'))) {
    const cells = line.split('|').map((cell) => ({
      text: cell.trim(),
      codes: [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
    }));
    const [own = [], , listed = [], packages = []] = cells.slice(1).map(({ codes }) => codes);
    const above = cells[3]?.text === 'all above' ? table.flatMap((row) => row.names) : [];
    const everything = cells[3]?.text === 'everything';
    table.push({ names: own, mayImport: [...own, 'shared/', ...listed, ...above], packages, everything });
  }
  return table;
}

async function readSources(): Promise<Sources> {
  const folders = ['src', 'bench', 'test'].map(async (folder) => {
    const files = await readdir(new URL(folder, root), { recursive: true });
    return files.map((file) => path.posix.join(folder, file));
  });
  const files = [await readdir(root), ...(await Promise.all(folders))].flat();
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map(async (file) => [file, await readFile(new URL(file, root), 'utf8')] as const);
  return new Map(await Promise.all(texts));
}

/** The longest of the names that a path or a package begins with. */
function longest(candidates: readonly string[], of: string): string | undefined {
  const fits = candidates.filter((name) => of === name || of.startsWith(name.replace(/\/?$/, '/')));
  return fits.toSorted((a, b) => b.length - a.length)[0];
}

/** The name in the table's first column that a file belongs to. */
function ownerOf(file: string): string | undefined {
  return file.endsWith('.test.ts') ? 'test/' : longest(names, file.replace(/^src\//, ''));
}

/** The paths and packages that a file imports. */
function importsOf(file: string, source: string): string[] {
  const pattern = /^(?:import|export)\s(?:[^'";=]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source.matchAll(pattern)].map(([, fixed, called]) => {
    const name = fixed ?? called ?? '';
    return name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name;
  });
}

function forbiddenImports(file: string, source: string): string[] {
  const row = rows.find((candidate) => candidate.names.includes(ownerOf(file) ?? ''));
  if (row?.everything) return [];
  const forbidden = importsOf(file, source).filter((target) => {
    if (target.endsWith('.ts')) return !row?.mayImport.includes(ownerOf(target) ?? '');
    const restricted = longest(restrictedPackages, target);
    return restricted !== undefined && !row?.packages.includes(restricted);
  });
  return forbidden.map((target) => `${file} imports ${target}`);
}

/** Import cycles, one for each import that closes a cycle. */
function cyclesIn(files: Sources): string[] {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [[...trail.slice(trail.indexOf(file)), file].join(' → ')];
    if (done.has(file)) return [];
    const found = importsOf(file, files.get(file) ?? '').flatMap((next) => visit(next, [...trail, file]));
    done.add(file);
    return found;
  };
  return [...files.keys()].flatMap((file) => visit(file, []));
}

test('every import follows the table in docs/ARCHITECTURE.md', () => {
  expect([...sources].flatMap(([file, source]) => forbiddenImports(file, source))).toEqual([]);
});

test('there is no import cycle', () => {
  expect(cyclesIn(sources)).toEqual([]);
});

test('every file belongs to a row of the table, and every name in the table is a row', () => {
  expect([...sources.keys()].filter((file) => ownerOf(file) === undefined)).toEqual([]);
  expect(rows.flatMap((row) => row.mayImport).filter((name) => !names.includes(name))).toEqual([]);
});

test.each([
  ['src/domain/a.ts', `import { connect } from '../database/connection.ts';`],
  ['src/domain/b.ts', `import type { OrderRow } from '../database/tables.ts';`],
  ['src/http/routes/c.ts', `import {\n  placeOrder,\n} from '../../database/transactions/orders.ts';`],
  ['src/http/d.ts', `import knex from 'knex';`],
  ['src/workflows/e.ts', `import type { Pool } from 'pg';`],
  ['src/http/f.ts', `export { DBOS } from '@dbos-inc/dbos-sdk';`],
  ['src/workflows/g.ts', `import '@dbos-inc/dbos-sdk/internal/dbos';`],
  ['src/workflows/h.ts', `const server = await import('../http/server.ts');`],
  ['src/database/i.ts', `type Checkout = import('../workflows/checkout.ts').Checkout;`],
  ['src/http/o.ts', `import { registerCheckout } from '../workflows/checkout.ts';`],
  ['src/http/j.ts', `import { startApp } from '../app.ts';`],
  ['src/http/k.ts', `import Stripe from 'stripe';`],
  ['src/workflows/n.ts', `import { createStripeProvider } from '../payments/stripe/stripe.ts';`],
  ['src/stripe-simulator/l.ts', `import { orderStatuses } from '../domain/order.ts';`],
  ['src/shared/m.ts', `import { freePort } from '../../test/support/ports.ts';`],
])('the check reports the forbidden import in %s', (file, source) => {
  expect(forbiddenImports(file, source)).toHaveLength(1);
});

test('the check reports a cycle of type imports once', () => {
  const files = new Map([
    ['a.ts', `import type { B } from './b.ts';`],
    ['b.ts', `import { type C } from './c.ts';`],
    ['c.ts', `export type { A } from './a.ts';`],
  ]);
  expect(cyclesIn(files)).toEqual(['a.ts → b.ts → c.ts → a.ts']);
});
