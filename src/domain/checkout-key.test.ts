import { describe, expect, test } from 'vitest';
import { randomTexts, regularTexts } from '../../test/support/guesses.ts';
import { isUnguessable, storedKeyOf } from './checkout-key.ts';

const many = Array.from({ length: 2_000 });

describe('a key is unguessable', () => {
  test.each(randomTexts)('when it is %s', (_name, keyOf) => {
    expect(many.map(() => keyOf()).filter((key) => !isUnguessable(key))).toEqual([]);
  });
});

describe('a key can be guessed', () => {
  test.each([
    ...regularTexts,
    'order-2026-11-27-0042',
    'Checkout-2026-11-27-1',
    'ORDER_2026_000042_A',
    'order_1764237477123',
    'ada.lovelace.2026-11-27',
    'christmas-order-for-ada',
  ])('such as %s', (key) => {
    expect(isUnguessable(key)).toBe(false);
  });
});

describe('the stored key', () => {
  const browsers = ['A'.repeat(22), 'B'.repeat(22)] as const;
  const uuid = '4f9b7b52-6f0e-4d5c-9d9e-1a2b3c4d5e6f';

  test('is the client’s own where any key is accepted', () => {
    expect(storedKeyOf('any', 'x', browsers[0])).toBe('x');
  });

  test('of a browser is one per browser and key, and needs no secret key', () => {
    const stored = browsers.map((browser) => storedKeyOf('unguessable', 'x', browser));
    expect(new Set([...stored, storedKeyOf('unguessable', 'y', browsers[0])]).size).toBe(3);
    expect(storedKeyOf('unguessable', 'x', browsers[0])).toBe(stored[0]);
    for (const key of stored) expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('of a program is its key, unless it can be guessed', () => {
    expect(storedKeyOf('unguessable', uuid, null)).toBe(uuid);
    expect(storedKeyOf('unguessable', 'x', null)).toBeNull();
  });
});
