import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { currencyRules } from '../../src/stripe-simulator/currencies.ts';

// Amounts are written and read alike on every version of Node. Each has its own data about currencies. The package `node` of the
// registry has the binaries, and npx keeps them.

const source = fileURLToPath(new URL('../../src/shared/money.ts', import.meta.url));
const amounts = [0, 100, 12_300, 1_299_000, 99_999_900];

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-node-'));
  script = path.join(folder, 'amounts.mjs');
  const contents = `
    import { formatMoney, parseMoney } from ${JSON.stringify(source)};
    const written = ${JSON.stringify(Object.keys(currencyRules))}.flatMap((currency) =>
      ${JSON.stringify(amounts)}.map((cents) => {
        const text = formatMoney({ cents, currency });
        return { currency, cents, text, read: parseMoney(text, currency) };
      }));
    console.log(JSON.stringify({ node: process.version, written }));`;
  await build({
    stdin: { contents, resolveDir: folder },
    outfile: script,
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
});

afterAll(() => rm(folder, { recursive: true }));

interface Output {
  readonly node: string;
  readonly written: readonly { currency: string; cents: number; text: string; read: number | null }[];
}

async function runOn(command: string, args: readonly string[]): Promise<Output> {
  const { stdout } = await promisify(execFile)(command, [...args, script], {
    cwd: folder,
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(stdout) as Output;
}

function expectProviderDigits({ written }: Output): void {
  expect(written).toHaveLength(Object.keys(currencyRules).length * amounts.length);
  for (const { currency, cents, text, read } of written) {
    const { decimals } = currencyRules[currency]!;
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    expect(text).toContain(new Intl.NumberFormat('en-US', digits).format(cents / 10 ** decimals));
    expect(read).toBe(cents);
  }
}

test('on this version of Node', async () => {
  expectProviderDigits(await runOn(process.execPath, []));
});

test.each([20, 22, 24])('on Node %i', { tags: ['slow'] }, async (version) => {
  const output = await runOn('npx', ['--yes', `node@${version}`]);
  expect(output.node).toMatch(new RegExp(`^v${version}\\.`));
  expectProviderDigits(output);
});
