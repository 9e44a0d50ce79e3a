import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { apiVersion, readEvent } from '../../src/payments/stripe/events.ts';
import { testCards } from '../../src/stripe-simulator/cards.ts';
import { faultNames } from '../../src/stripe-simulator/faults.ts';
import { apiVersion as simulatedVersion } from '../../src/stripe-simulator/model.ts';
import { circumstances, edges, happenings } from '../support/edge-table.ts';

// docs/PAYMENTS.md and the code agree, in both directions.

let text: string;

beforeAll(async () => {
  text = await readDocument('PAYMENTS.md');
});

function readDocument(name: string): Promise<string> {
  return readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** The rows of the table whose header begins with these words, cell by cell. */
function tableOf(header: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  const rest = lines.slice(
    start,
    lines.findIndex((line, index) => index > start && !line.startsWith('|')),
  );
  return rest.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The words in code style in the first column of a table. */
function codesOf(header: string): string[] {
  return tableOf(header)
    .slice(2)
    .map(([cell]) => (cell ?? '').replaceAll('`', ''));
}

test('the table of the edges is the one that the tests go through', () => {
  const rows = happenings.map((happening) => [
    happening,
    ...circumstances.map((circumstance) => {
      const { outcome, result } = edges[circumstance][happening];
      return outcome === null ? result : `\`${outcome}\`: ${result}`;
    }),
  ]);
  const [header, , ...documented] = tableOf('happens');
  expect(header).toEqual(['happens', ...circumstances]);
  expect(documented).toEqual(rows);
});

test('the listed events are those that change something', () => {
  const listed = [...text.matchAll(/^ +- `([\w.]+)`$/gm)].map(([, type]) => type ?? '');
  const object = { id: 'cs_1', payment_status: 'paid' };
  const kindOf = (type: string) => readEvent({ id: 'evt_1', type, created: 1, data: { object } })?.kind;
  expect(listed.map((type) => [type, kindOf(type)])).toEqual([
    ['checkout.session.completed', 'paid'],
    ['checkout.session.async_payment_succeeded', 'paid'],
    ['checkout.session.async_payment_failed', 'failed'],
    ['checkout.session.expired', 'ended'],
    ['charge.refunded', 'refunded'],
    ['charge.dispute.created', 'disputed'],
  ]);
});

test('the version to register the webhook with is the one that the shop reads, and that the simulator sends', () => {
  expect(text).toContain(`\`${apiVersion}\``);
  expect(simulatedVersion).toBe(apiVersion);
});

test('the table of attention items has the kinds that the database allows', async () => {
  const schema = await readDocument('schema.sql');
  const check = /attention_kind_check CHECK .*?ARRAY\[([^\]]+)\]/.exec(schema)?.[1];
  const kinds = [...(check ?? '').matchAll(/'(\w+)'/g)].map(([, kind]) => kind ?? '');
  expect(kinds.length).toBeGreaterThan(0);
  expect(codesOf('kind').toSorted()).toEqual(kinds.toSorted());
});

test('the test cards and the injected faults are those of the Stripe simulator', () => {
  expect(tableOf('card').slice(2)).toEqual(testCards.map(({ number, label }) => [number, label]));
  expect(codesOf('fault')).toEqual(faultNames);
});
