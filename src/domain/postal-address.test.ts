import { expect, test } from 'vitest';
import { addressLines, listCountries, readAddress, type TypedAddress } from './postal-address.ts';

const berlin: TypedAddress = {
  name: 'Jörg Müller',
  line1: 'Invalidenstraße 44',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
};
const springfield: TypedAddress = {
  name: 'Ann Reader',
  line1: '742 Evergreen Terrace',
  postalCode: '97403',
  city: 'Springfield',
  region: 'Oregon',
  country: 'US',
};

test('an address is stored trimmed, with the codes of its region and country', () => {
  const typed = { ...springfield, name: '  Ann \n Reader ', region: 'oregon', country: 'us', line2: ' ' };
  expect(readAddress(typed)).toEqual({
    address: {
      name: 'Ann Reader',
      line1: '742 Evergreen Terrace',
      line2: null,
      postalCode: '97403',
      city: 'Springfield',
      region: 'OR',
      country: 'US',
      phone: null,
    },
  });
});

test.each([
  ['a postal code in small letters', { postalCode: 'sw1a 1aa', country: 'GB' }, { postalCode: 'SW1A 1AA' }],
  ['a region where addresses have none', { region: 'Bayern' }, { region: 'BY' }],
  [
    'a postal code where the country has none',
    { postalCode: '999077', country: 'HK', region: 'Kowloon' },
    { postalCode: '999077', region: 'Kowloon' },
  ],
  [
    'a region without its accents',
    { country: 'JP', postalCode: '100-0001', region: 'Tokyo' },
    { region: '13' },
  ],
  [
    'a region that no list has',
    { country: 'JP', postalCode: '100-0001', region: '東京都' },
    { region: '東京都' },
  ],
  ['an address of the forces', { ...springfield, region: 'AE', postalCode: '09012' }, { region: 'AE' }],
  ['a name from right to left', { name: 'דנה כהן' }, { name: 'דנה כהן' }],
  ['a name with a joiner', { name: 'می‌خواهم' }, { name: 'می‌خواهم' }],
  [
    'markup, which pages escape',
    { name: '<script>alert(1)</script>' },
    { name: '<script>alert(1)</script>' },
  ],
  ['a phone', { phone: '+49 (0)30 / 123-45' }, { phone: '+49 (0)30 / 123-45' }],
])('%s is taken', (_, typed, stored) => {
  expect(readAddress({ ...berlin, ...typed })).toMatchObject({ address: stored });
});

test.each([
  ['IE', 'A65 F4E2'],
  ['LT', '04340'],
  ['EE', '69501'],
  ['CL', '8340457'],
  ['UY', '11600'],
])('an address in %s needs no county', (country, postalCode) => {
  expect(readAddress({ ...berlin, country, postalCode })).toMatchObject({
    address: { country, region: null },
  });
});

test.each([
  [
    'nothing',
    { name: '', line1: ' ', postalCode: '', city: '' },
    { name: 'missing', line1: 'missing', postalCode: 'missing', city: 'missing' },
  ],
  ['no country', { country: '' }, { country: 'missing' }],
  ['no country of this world', { country: 'XX' }, { country: 'not_of_country' }],
  ['a postal code of another country', { postalCode: 'SW1A 1AA' }, { postalCode: 'not_of_country' }],
  ['a region of another country', { ...springfield, region: 'Bavaria' }, { region: 'not_of_country' }],
  ['no region where addresses have one', { ...springfield, region: '' }, { region: 'missing' }],
  [
    '300 characters',
    { line1: 'x'.repeat(300), city: 'y'.repeat(300) },
    { line1: 'too_long', city: 'too_long' },
  ],
  ['a NUL', { name: 'a\0b' }, { name: 'unreadable' }],
  ['text that turns the page round', { city: 'a\u202Eb' }, { city: 'unreadable' }],
  ['half of a letter', { line2: '\uD800' }, { line2: 'unreadable' }],
  ['a phone of words', { phone: 'call me' }, { phone: 'unreadable' }],
])('%s is refused, with every fault', (_, typed, faults) => {
  expect(readAddress({ ...berlin, ...typed })).toEqual({ faults });
});

test('the lines of an address are in the order of its country', () => {
  const lines = (typed: TypedAddress) => {
    const read = readAddress(typed);
    return 'address' in read ? addressLines(read.address) : read.faults;
  };
  expect(lines(berlin)).toEqual(['Jörg Müller', 'Invalidenstraße 44', '10115 Berlin', 'Germany']);
  expect(lines({ ...springfield, line2: 'Flat 2' })).toEqual([
    'Ann Reader',
    '742 Evergreen Terrace',
    'Flat 2',
    'Springfield, OR 97403',
    'United States',
  ]);
});

test.each([
  [
    'JP',
    { city: 'Chiyoda', region: '13', postalCode: '100-0001' },
    ['〒100-0001', 'Tôkyô', 'Chiyoda', 'Weg 1', 'Jörg', 'Japan'],
  ],
  [
    'SG',
    { city: 'Singapore', region: null, postalCode: '018956' },
    ['Jörg', 'Weg 1', 'SINGAPORE 018956', 'Singapore'],
  ],
  [
    'AE',
    { city: 'Deira', region: 'Dubai', postalCode: null },
    ['Jörg', 'Weg 1', 'Deira', 'Dubai', 'United Arab Emirates'],
  ],
  [
    'GB',
    { city: 'Deal', region: 'KEN', postalCode: 'CT14 7BN' },
    ['Jörg', 'Weg 1', 'Deal, Kent', 'CT14 7BN', 'United Kingdom'],
  ],
  ['IT', { city: 'Roma', region: 'RM', postalCode: '00118' }, ['Jörg', 'Weg 1', '00118 Roma RM', 'Italy']],
])(
  'an address in %s prints its city, and the name of a region where the post does not print its code',
  (country, typed, lines) => {
    const address = { name: 'Jörg', line1: 'Weg 1', line2: null, phone: null, country, ...typed };
    expect(addressLines(address)).toEqual(lines);
  },
);

test('in every country each field of an address is printed once', () => {
  const address = {
    name: 'Nn Nn',
    line1: 'Ll Ll',
    line2: 'Mm Mm',
    postalCode: 'Zz 9',
    city: 'Cc Cc',
    region: 'Rr Rr',
    phone: null,
  };
  for (const shorter of [{}, { line2: null, region: null, postalCode: null }]) {
    const { phone: _, ...printed } = { ...address, ...shorter };
    const fields = Object.values(printed).filter((field) => field !== null);
    for (const { code } of listCountries([])) {
      const text = addressLines({ ...address, ...shorter, country: code }).join('\n');
      expect([code, ...fields.map((field) => text.split(field).length - 1)]).toEqual([
        code,
        ...fields.map(() => 1),
      ]);
    }
  }
});

test('countries are sorted by their names, and no list is all of them', () => {
  expect(listCountries(['US', 'DE', 'DE'])).toEqual([
    { code: 'DE', name: 'Germany' },
    { code: 'US', name: 'United States' },
  ]);
  expect(listCountries(['XX']), 'a code of no country').toEqual([]);
  expect(listCountries([]).length).toBeGreaterThan(240);
});
