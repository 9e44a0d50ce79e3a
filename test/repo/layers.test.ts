import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The import rules of docs/ARCHITECTURE.md are lint rules; here each is broken once, to see that it speaks up.

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let messages: string;

const broken: readonly [file: string, source: string, rule: string][] = [
  ['src/domain/a.ts', `import '../database/connection.ts';`, 'no-restricted-imports'],
  ['src/http/routes/b.ts', `import '../../database/transactions/orders.ts';`, 'no-restricted-imports'],
  ['src/http/c.ts', `import 'knex';`, 'no-restricted-imports'],
  ['src/workflows/d.ts', `import 'pg';`, 'no-restricted-imports'],
  ['src/http/e.ts', `import '@dbos-inc/dbos-sdk';`, 'no-restricted-imports'],
  ['src/workflows/f.ts', `import '@dbos-inc/dbos-sdk/internal/dbos';`, 'no-restricted-imports'],
  ['src/workflows/g.ts', `import '../http/server.ts';`, 'no-restricted-imports'],
  ['src/database/h.ts', `import '../workflows/checkout.ts';`, 'no-restricted-imports'],
  ['src/http/i.ts', `import '../app.ts';`, 'no-restricted-imports'],
  ['src/storefront/j.ts', `import '../stripe-simulator/service.ts';`, 'no-restricted-imports'],
  ['src/stripe-simulator/k.ts', `import '../domain/money.ts';`, 'no-restricted-imports'],
  ['src/stripe-simulator/http/l.ts', `import '../../domain/money.ts';`, 'no-restricted-imports'],
  ['src/http/m.ts', `export const home = process.env['HOME'];`, 'no-process-env'],
  ['src/domain/n.ts', `export default 1;`, 'no-default-export'],
  ['src/domain/o.ts', `import { q } from './p.ts';\nexport const o = () => q;`, 'no-cycle'],
  ['src/domain/p.ts', `import { o } from './o.ts';\nexport const q = () => o;`, 'no-cycle'],
];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-layers-'));
  await cp(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
  for (const [file, source] of broken) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), `${source}\n`);
  }
  messages = await lint();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function lint(): Promise<string> {
  const oxlint = path.join(root, 'node_modules/.bin/oxlint');
  return new Promise((resolve) => {
    execFile(oxlint, ['--format', 'unix', 'src'], { cwd: folder }, (_error, stdout) => resolve(stdout));
  });
}

test.each(broken)('%s is refused', (file, _source, rule) => {
  const complaints = messages.split('\n').filter((line) => line.startsWith(file));
  expect(complaints.join('\n')).toContain(`(${rule})`);
});
