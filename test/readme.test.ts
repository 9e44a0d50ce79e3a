import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StartedShop, startAsNpmStartDoes } from './support/npm-start.ts';

// README's commands, run from README itself.

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
let shop: StartedShop;

beforeAll(async () => {
  shop = await startAsNpmStartDoes();
});

afterAll(() => shop.stop());

interface Step {
  command: string;
  prints: string;
}

/** The commands of the transcript (`$ …`) with the lines that follow each. */
function transcript(): Step[] {
  const [, block = ''] = /```console\n([\s\S]*?)```/.exec(readme) ?? [];
  return block
    .split(/^\$ /m)
    .filter((step) => step !== '')
    .map((step) => {
      const [command = '', ...prints] = step.trimEnd().split('\n');
      return { command, prints: prints.join('\n') };
    });
}

/** Runs all commands in one shell, as if typed, and splits their output. */
async function run(commands: string[]): Promise<string[]> {
  const mark = '----- next command';
  const script = commands
    .join(`\necho; echo "${mark}"\n`)
    .replaceAll('localhost:3000', new URL(shop.shopUrl).host);
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  return stdout.split(mark).map((text) => text.trim());
}

/** `…` stands for anything within a line. */
function pattern(prints: string): RegExp {
  const literal = prints.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('[^\n]*?')}$`);
}

test('the commands with curl print the output that README shows', async () => {
  const steps = transcript();
  expect(steps.length).toBeGreaterThan(8);
  const printed = await run(steps.map(({ command }) => command));
  for (const [index, { command, prints }] of steps.entries()) {
    expect(printed[index], command).toMatch(pattern(prints));
  }
});

test('the quick start is two commands, and CI runs the second', async () => {
  expect(readme).toContain('```sh\nnpm ci && npm start\n```');
  expect(readme).toContain('```sh\nnpm ci && npm test\n```');
  const ci = await readFile(new URL('../.ci/run', import.meta.url), 'utf8');
  expect(ci).toContain('\nnpm ci && npm test\n');
});

test('every script that README names exists', async () => {
  const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});
