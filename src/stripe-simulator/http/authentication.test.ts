import { expect, test } from 'vitest';
import { refusal } from './authentication.ts';

test('the one key passes, with any case of the scheme', () => {
  expect(refusal('Bearer sk_test_1', 'sk_test_1')).toBeUndefined();
  expect(refusal('bearer sk_test_1', 'sk_test_1')).toBeUndefined();
});

test.each([undefined, '', 'Bearer', 'Basic sk_test_1', 'Bearer sk_test_2', 'Bearer sk_test_1 x'])(
  '%j is refused',
  (authorization) => {
    expect(refusal(authorization, 'sk_test_1')).toMatchObject({ status: 401 });
  },
);
