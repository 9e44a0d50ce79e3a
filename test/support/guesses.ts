import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/** Ways to make a text that nobody guesses. */
export const randomTexts = [
  ['a UUID', () => randomUUID()],
  ['16 hexadecimal digits', () => randomBytes(8).toString('hex')],
  ['16 characters of base64', () => randomBytes(12).toString('base64url')],
  ['24 decimal digits', () => Array.from({ length: 24 }, () => randomInt(10)).join('')],
] as const;

/** Texts that are short, repeat something, or count. */
export const regularTexts = [
  'x',
  'my-first-order',
  'q8Zk2pVw7rXc4dN',
  'aaaaaaaaaaaaaaaa',
  'abababababababababab',
  '0123456789abcdef',
  '12345678901234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'x7kq2x7kq2x7kq2x',
  'passwordpassword',
  'order-0000000001',
  '00000000-0000-0000-0000-000000000001',
] as const;
