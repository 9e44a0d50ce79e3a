import { expect, test } from 'vitest';
import { type DeliveryMethod, decideDelivery, deliveryPrice } from './delivery.ts';
import type { PostalAddress } from './postal-address.ts';

const price = (fromGrams: number, fromCents: number, priceCents: number) => ({
  currency: 'USD',
  fromGrams,
  fromCents,
  priceCents,
});
const standard: DeliveryMethod = {
  method: 'standard',
  name: 'Standard delivery',
  needsAddress: true,
  countries: ['DE', 'US'],
  daysFrom: 3,
  daysTo: 6,
  taxClass: 'standard',
  prices: [price(0, 0, 690), price(0, 10_000, 0), price(5_000, 0, 1_290), price(5_000, 20_000, 300)],
};
const collect: DeliveryMethod = {
  ...standard,
  method: 'collect',
  name: 'Collect',
  needsAddress: false,
  countries: [],
  prices: null,
};
const everywhere: DeliveryMethod = { ...standard, method: 'world', countries: [] };
const methods = [standard, collect, everywhere];
const parcel = { subtotalCents: 5_000, currency: 'USD', grams: 100 };
const address: PostalAddress = {
  name: 'Jörg',
  line1: 'Weg 1',
  line2: null,
  postalCode: '10115',
  city: 'Berlin',
  region: null,
  country: 'DE',
  phone: null,
};

test.each([
  [0, 0, 690],
  [4_999, 9_999, 690],
  [4_999, 10_000, 0],
  [5_000, 10_000, 1_290],
  [5_000, 19_999, 1_290],
  [90_000, 20_000, 300],
])('an order of %i g for %i costs %i to deliver', (grams, subtotalCents, cents) => {
  expect(deliveryPrice(standard, { grams, subtotalCents, currency: 'USD' })).toBe(cents);
});

test('a method without prices costs nothing, and one with prices is for their currencies', () => {
  expect(deliveryPrice(collect, { ...parcel, currency: 'JPY' })).toBe(0);
  expect(deliveryPrice(standard, { ...parcel, currency: 'JPY' })).toBeNull();
});

test('the delivery has the terms of its method, and the address only where it needs one', () => {
  expect(decideDelivery({ method: 'standard', address }, methods, parcel)).toEqual({
    method: 'standard',
    name: 'Standard delivery',
    cents: 690,
    daysFrom: 3,
    daysTo: 6,
    address,
  });
  const collected = { method: 'collect', cents: 0, address: null };
  expect(decideDelivery({ method: 'collect', address }, methods, parcel)).toMatchObject(collected);
  expect(decideDelivery({ method: null, address: null }, methods, parcel)).toMatchObject(collected);
});

test('without a method, the first without an address that has a price in the currency delivers', () => {
  const abroad = { ...collect, method: 'abroad', prices: [{ ...price(0, 0, 300), currency: 'EUR' }] };
  const none = { method: null, address: null };
  expect(decideDelivery(none, [abroad, collect], parcel)).toMatchObject({ method: 'collect', cents: 0 });
  expect(decideDelivery(none, [abroad], parcel)).toBe('currency_not_served');
});

test.each([
  ['a method that the shop does not have', { method: 'drone', address }, 'unknown_method'],
  ['no address', { method: 'standard', address: null }, 'address_missing'],
  ['another country', { method: 'standard', address: { ...address, country: 'JP' } }, 'country_not_served'],
  ['no country', { method: 'world', address: { ...address, country: 'XX' } }, 'country_not_served'],
])('%s is no delivery', (_, request, fault) => {
  expect(decideDelivery(request, methods, parcel)).toBe(fault);
});

test('without a method that needs no address, an order without one cannot be delivered', () => {
  expect(decideDelivery({ method: null, address: null }, [standard], parcel)).toBe('address_missing');
  const japanese = { ...parcel, currency: 'JPY' };
  expect(decideDelivery({ method: 'world', address }, methods, japanese)).toBe('currency_not_served');
});
