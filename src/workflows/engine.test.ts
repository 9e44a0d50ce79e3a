import { expect, test } from 'vitest';
import { engineLogger } from './engine.ts';

test('the log of the workflows has no address of a buyer', () => {
  const entries: unknown[] = [];
  const write = (entry: unknown) => entries.push(entry);
  const log = { child: () => log, debug: write, info: write, warn: write, error: write };
  const logger = engineLogger(log);
  logger.warn('Order 7: no payment session yet: Invalid email address: ada@reader.example');
  logger.error('<ada@reader.example> is unknown');
  logger.info('Order 7 of ada@reader.example');
  expect(entries).toEqual([
    'Order 7: no payment session yet: Invalid email address: …',
    '<…> is unknown',
    'Order 7 of …',
  ]);
});
