import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lintFromString, loadConfig } from '@redocly/openapi-core';
import type { OpenAPIV3_1 } from 'openapi-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorCodes } from '../../src/domain/errors.ts';
import { operatorToken } from '../support/refunds.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';

// The OpenAPI document, checked by a linter and by a client that is generated from it.

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let shop: TestShop;
let source: string;
let document: OpenAPIV3_1.Document;
let operations: { name: string; operation: OpenAPIV3_1.OperationObject }[];

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken });
  source = await (await fetch(`${shop.shopUrl}/docs/json`)).text();
  document = JSON.parse(source) as OpenAPIV3_1.Document;
  operations = Object.entries(document.paths ?? {}).flatMap(([url, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => ({
      name: `${method} ${url}`,
      operation: operation as OpenAPIV3_1.OperationObject,
    })),
  );
});

afterAll(() => shop.close());

test('the linter of Redocly finds no problem in the document', async () => {
  const config = await loadConfig({ configPath: path.join(root, 'redocly.yaml') });
  const found = await lintFromString({ source, absoluteRef: path.join(root, 'openapi.json'), config });
  expect(
    found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
});

test('every operation declares its success, and the shared problem schema for everything else', () => {
  expect(operations.length).toBeGreaterThan(10);
  for (const { name, operation } of operations) {
    const { responses = {} } = operation;
    expect(responses['default'], name).toMatchObject({
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    const successes = Object.keys(responses).filter((status) => status.startsWith('2'));
    // The process that would answer has ended.
    expect(successes.length > 0, name).toBe(operation.operationId !== 'crash');
  }
  expect(document.components?.schemas).toMatchObject({ ErrorCode: { enum: errorCodes } });
});

test('an operation needs the operator token exactly when the shop refuses it without one', async () => {
  for (const { name, operation } of operations) {
    const [method = '', url = ''] = name.split(' ');
    const address = url.replaceAll(/\{\w+\}/g, '1');
    const answer = await fetch(shop.shopUrl + address, { method: method.toUpperCase(), redirect: 'manual' });
    expect(answer.status === 401, name).toBe(operation.security !== undefined);
  }
});

test.each(['/attention', '/operator', '/outbox', '/reconciliation'])(
  '%s without the token answers with a problem',
  async (url) => {
    const answer = await fetch(shop.shopUrl + url);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthorized', error: 'unauthorized' });
  },
);

const client = `
import createClient from 'openapi-fetch';
import type { components, paths } from './shop.js';

const shop = createClient<paths, 'application/json' | 'application/problem+json'>({
  baseUrl: process.argv[2] ?? '',
});
const started = await shop.POST('/checkout/{key}', {
  params: { path: { key: 'generated-client' } },
  body: { items: [{ sku: 'bell', qty: 2 }] },
});
if (!started.data) throw new Error(started.error.detail);
const { order_id, payment_id } = started.data;
const paid = await shop.POST('/payment_webhook/{payment_id}/{status}', {
  params: { path: { payment_id: payment_id ?? '', status: 'paid' } },
  parseAs: 'text',
});
const order = await shop.GET('/order/{order_id}', { params: { path: { order_id } } });
const status: components['schemas']['Order']['status'] | undefined = order.data?.status;

const firstProduct = await shop.POST('/checkout/{key}', {
  params: { path: { key: 'without-body' } },
  headers: { accept: 'application/json' },
});
const unknown = await shop.GET('/order/{order_id}', { params: { path: { order_id: 2_000_000_000 } } });
const code: components['schemas']['ErrorCode'] | undefined = unknown.error?.code;
const refused = await shop.GET('/attention');
console.log(JSON.stringify({
  started: started.response.status, paid: paid.data === String(order_id), status,
  withoutBody: firstProduct.data?.total, code, refused: refused.error?.code,
}));
`;

test('a client generated from the document compiles, and buys', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-client-'));
  const settings = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: false },
    include: ['client.ts'],
  };
  const at = (name: string) => path.join(folder, name);
  const inProject = (name: string) => path.join(root, 'node_modules', name);
  try {
    await symlink(inProject(''), at('node_modules'));
    await writeFile(at('package.json'), '{"type":"module"}');
    await writeFile(at('tsconfig.json'), JSON.stringify(settings));
    await writeFile(at('openapi.json'), source);
    await writeFile(at('client.ts'), client);
    await node(
      '--import',
      path.join(root, 'test/support/typescript-api.mjs'),
      inProject('openapi-typescript/bin/cli.js'),
      at('openapi.json'),
      '-o',
      at('shop.d.ts'),
    );
    await node(inProject('typescript/bin/tsc'), '-p', folder);
    expect(JSON.parse(await node(at('client.js'), shop.shopUrl))).toEqual({
      started: 201,
      paid: true,
      status: 'paid',
      withoutBody: 9999,
      code: 'not_found',
      refused: 'unauthorized',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Runs a program of Node. @returns its output */
async function node(...parameters: string[]): Promise<string> {
  try {
    return (await run(process.execPath, parameters)).stdout;
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error });
  }
}
