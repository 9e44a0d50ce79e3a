import { expect, test } from 'vitest';
import { readReturnReason } from './contact.ts';
import { longestReturnReason } from './limits.ts';

test.each([
  [' Too  small\r\n\r\nfor me ', 'Too small for me'],
  ['\u202Eevil\u2066 text\u0000', 'evil text'],
  ['half an emoji \uD83D', 'half an emoji'],
  ['x'.repeat(longestReturnReason), 'x'.repeat(longestReturnReason)],
])('reads %j on one line', (typed, reason) => {
  expect(readReturnReason(typed)).toBe(reason);
});

test.each(['', ' \n\t', '\u202E', 'x'.repeat(longestReturnReason + 1)])('refuses %j', (typed) => {
  expect(readReturnReason(typed)).toBeNull();
});
