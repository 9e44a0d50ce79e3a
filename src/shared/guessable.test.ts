import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { randomTexts, regularTexts } from '../../test/support/guesses.ts';
import { isGuessable, isIrregular } from './guessable.ts';

const many = Array.from({ length: 2_000 });

test.each(randomTexts)('%s is irregular', (_name, textOf) => {
  expect(many.map(() => textOf()).filter((text) => !isIrregular(text))).toEqual([]);
});

test.each(regularTexts)('%s is not irregular', (text) => {
  expect(isIrregular(text)).toBe(false);
});

describe('nobody guesses', () => {
  test.each([
    ['48 hexadecimal digits', () => randomBytes(24).toString('hex')],
    ['a UUID', () => randomUUID()],
    ['24 characters of base64', () => randomBytes(18).toString('base64url')],
  ])('%s', (_name, secretOf) => {
    expect(many.map(() => secretOf()).filter(isGuessable)).toEqual([]);
  });

  test.each(['9c41f7d02be85a36', 'kK8_vQz2-TgWn5Lx', '5t$Rm!w9@Lq#z2Xc', 'trunk-velvet-oboe-marsh'])(
    '%s',
    (secret) => {
      expect(isGuessable(secret)).toBe(false);
    },
  );
});

describe('a person or a list guesses', () => {
  test.each([
    'change-me-please-1',
    'operator-token-123',
    'secret-secret-secret',
    'Holdfast-Admin-2026',
    'Password123456789',
    'P@ssw0rd!2345678',
    'correct-horse-battery-staple',
    'sunshine-princess',
    'dragonmonkeyshadow',
    'iloveyou12345678',
    'thequickbrownfoxjumps',
    'REPLACE_WITH_TOKEN',
    'openssl-rand-hex-24',
    'production-token-1',
    'hunter2hunter2hunter2x',
    'a1b2c3d4e5f6g7h8',
    '11aa22bb33cc44dd',
    'qwertyuiopasdfgh',
    'qwertzuiopqwertzuiop',
    '1q2w3e4r5t6y7u8i',
    'zaq12wsxcde34rfv',
    'QAZwsxEDCrfvTGBy',
    '0987654321poiuytrewq',
    '!@#$%^&*()!@#$%^',
  ])('%s', (secret) => {
    expect(isGuessable(secret)).toBe(true);
  });
});
