import type { OpenAPIV3 } from 'openapi-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestShop, type TestShop } from '../support/shop.ts';

// Every answer in JSON has a schema: what it holds is checked on the way out, and documented.

const operatorToken = 'operator-0123456789abcdef';
let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ OPERATOR_TOKEN: operatorToken });
});

afterAll(() => shop.close());

test('every documented route says what it answers, and that everything else is a problem', async () => {
  const document = (await (await fetch(`${shop.shopUrl}/docs/json`)).json()) as OpenAPIV3.Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
  expect(operations.length).toBeGreaterThan(10);
  for (const { name, operation } of operations) {
    const { responses } = operation as OpenAPIV3.OperationObject;
    // This one ends the process that would answer.
    if (name === 'post /crash_application') continue;
    expect(JSON.stringify(responses['default']), name).toContain('"code"');
    const said = Object.keys(responses).filter((status) => status.startsWith('2'));
    expect(said, name).not.toEqual([]);
  }
});

test.each(['/attention', '/outbox', '/reconciliation'])(
  'an answer that a route does not speak of is a problem still: %s',
  async (path) => {
    const answer = await fetch(shop.shopUrl + path);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthorized', error: 'unauthorized' });
  },
);
