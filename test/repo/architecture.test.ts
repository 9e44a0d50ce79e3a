import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { allowedFrom, type OrderStatus } from '../../src/domain/order.ts';

const document = await readFile(new URL('../../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
const schema = await readFile(new URL('../../docs/schema.sql', import.meta.url), 'utf8');

/** The transitions of a state diagram in docs/ARCHITECTURE.md, without those from its beginning. */
function transitionsOf(title: string): { from: string; to: string }[] {
  const [, diagram = ''] = document.split(title);
  const [code = ''] = diagram.split('\n```\n');
  return [...code.matchAll(/^ *(\w+) --> (\w+)/gm)].map(([, from = '', to = '']) => ({ from, to }));
}

test('the state diagram of an order shows the transitions that the code allows', () => {
  const target = {
    pay: 'paid',
    payLate: 'paid',
    cancel: 'cancelled',
    dispatch: 'dispatched',
    refund: 'refunded',
  } as const satisfies Record<keyof typeof allowedFrom, OrderStatus>;
  const allowed = Object.entries(target).flatMap(([verb, to]) =>
    allowedFrom[verb as keyof typeof target].map((from) => `${from} → ${to}`),
  );
  const drawn = transitionsOf("The order's status:").map(({ from, to }) => `${from} → ${to}`);
  expect(drawn.toSorted()).toEqual(allowed.toSorted());
});

test('the state diagram of a payment shows the states that the database allows', () => {
  const [, check = ''] = /payments_state_check CHECK .*?ARRAY\[([^\]]+)\]/.exec(schema) ?? [];
  const states = [...check.matchAll(/'(\w+)'/g)].map(([, state]) => state ?? '');
  expect(states.length).toBeGreaterThan(0);
  const drawn = new Set(transitionsOf("The payment's state:").flatMap(({ from, to }) => [from, to]));
  expect([...drawn].toSorted()).toEqual(states.toSorted());
});
