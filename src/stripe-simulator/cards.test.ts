import { describe, expect, test } from 'vitest';
import { findTestCard, offeredForm, readCardForm } from './cards.ts';

const now = new Date('2026-11-21T12:00:00Z');
const good = { number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123' };

test('a card is found however its number is spaced', () => {
  expect(findTestCard(' 4000 00000000 0002 ')).toMatchObject({ label: 'Declined' });
  expect(findTestCard('4111111111111111')).toBeUndefined();
});

test('the form offers a card that pays, or the test card that was chosen', () => {
  expect(offeredForm(undefined).number.value).toBe('4242 4242 4242 4242');
  expect(offeredForm('4000000000009995').number.value).toBe('4000 0000 0000 9995');
  expect(offeredForm('4111111111111111').number.value).toBe('4242 4242 4242 4242');
});

describe('the form', () => {
  test.each([good, { ...good, expiry: '1/27', cvc: '1234' }, { ...good, expiry: '11 / 2026' }])(
    '%o is right',
    (body) => {
      expect(readCardForm(body, now).card?.outcome).toEqual({ kind: 'approve' });
    },
  );

  test.each([
    [{ ...good, number: '4111 1111 1111 1111' }, 'number', /not a test card/],
    [{ ...good, number: '' }, 'number', /Enter/],
    [{ ...good, number: ['4242424242424242'] }, 'number', /Enter/],
    [{ ...good, expiry: '13 / 34' }, 'expiry', /Month and year/],
    [{ ...good, expiry: 'soon' }, 'expiry', /Month and year/],
    [{ ...good, expiry: '10 / 26' }, 'expiry', /has passed/],
    [{ ...good, cvc: '12' }, 'cvc', /digits/],
    [undefined, 'number', /Enter/],
  ] as const)('%o is wrong in its %s', (body, field, error) => {
    const { card, form } = readCardForm(body, now);
    expect(card).toBeUndefined();
    expect(form[field].error).toMatch(error);
  });
});
