import { iso31661, iso31662 } from 'iso-3166';
import { formatAddress } from 'localized-address-format';
import { postcodeValidator, postcodeValidatorExistsForCountry } from 'postcode-validator';

/** Where an order is delivered. Every field is trimmed and is one line; null where the country or the buyer has none. */
export interface PostalAddress {
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly postalCode: string | null;
  readonly city: string;
  /** The code of ISO 3166-2 without its country, or the buyer's own word for it. */
  readonly region: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly phone: string | null;
}

/** An address as it was typed. */
export type TypedAddress = { readonly [Field in keyof PostalAddress]?: string | undefined };

/** The fields of an address, in the order in which they are typed. */
export const addressFields = [
  'name',
  'line1',
  'line2',
  'postalCode',
  'city',
  'region',
  'country',
  'phone',
] as const satisfies readonly (keyof PostalAddress)[];

/** What is wrong with a field of an address. */
export type AddressFault = 'missing' | 'too_long' | 'unreadable' | 'not_of_country';

/** Most characters of a field. Carriers print no more on a label. */
export const longestField: Readonly<Record<keyof PostalAddress, number>> = {
  name: 100,
  line1: 100,
  line2: 100,
  postalCode: 20,
  city: 100,
  region: 100,
  country: 2,
  phone: 30,
};

/**
 * Checks an address as typed against the rules of its country: the format of its postal code, and whether addresses there need a postal
 * code and a region. The rules are those of Google's address data, of postcode-validator, and of ISO 3166. A field that addresses of the
 * country do not have is taken as it was typed.
 */
export function readAddress(
  typed: TypedAddress,
):
  | { readonly address: PostalAddress }
  | { readonly faults: Partial<Record<keyof PostalAddress, AddressFault>> } {
  const country = (typed.country ?? '').trim().toUpperCase();
  const faults: Partial<Record<keyof PostalAddress, AddressFault>> = {};
  const take = (
    field: keyof PostalAddress,
    isNeeded: boolean,
    check: (text: string) => boolean = () => true,
  ): string | null => {
    const text = (typed[field] ?? '').normalize('NFC').trim().replaceAll(/\s+/g, ' ');
    if (text === '') {
      if (isNeeded) faults[field] = 'missing';
      return null;
    }
    if (text.length > longestField[field]) faults[field] = 'too_long';
    else if (/\p{C}/u.test(text.replaceAll(harmlessMarks, ''))) faults[field] = 'unreadable';
    else if (!check(text)) faults[field] = 'not_of_country';
    return text;
  };
  const isKnown = countryCodes.has(country);
  if (!isKnown) faults.country = country === '' ? 'missing' : 'not_of_country';
  const hasPostalCode = isKnown && prints(country, 'postalCode');
  const region = take('region', needRegion.has(country), (text) => isRegion(country, text));
  const address = {
    name: take('name', true) ?? '',
    line1: take('line1', true) ?? '',
    line2: take('line2', false),
    postalCode: hasPostalCode
      ? (take('postalCode', true, (text) => isPostalCode(country, text))?.toUpperCase() ?? null)
      : take('postalCode', false),
    city: take('city', true) ?? '',
    region: region && (regionCode(country, region) ?? region),
    country,
    phone: take('phone', false, (text) => /^\+?[\d ()./-]{4,}$/.test(text)),
  };
  if (faults.phone === 'not_of_country') faults.phone = 'unreadable';
  return Object.keys(faults).length > 0 ? { faults } : { address };
}

// Zero-width joiners and marks of direction belong to names in several scripts.
const harmlessMarks = /[\u200C-\u200F\u061C]/g;

/** The codes of all countries (ISO 3166-1 alpha-2). */
const countryCodes: ReadonlySet<string> = new Set(
  iso31661.filter(({ state }) => state === 'assigned').map(({ alpha2 }) => alpha2),
);

/** Whether a text is the code of a country. */
export function isCountry(code: string): boolean {
  return countryCodes.has(code);
}

const names = new Intl.DisplayNames('en', { type: 'region' });

/** The English name of a country. */
function countryName(code: string): string {
  return names.of(code) ?? code;
}

/** Countries with their names, sorted by name; codes of no country are left out. An empty list stands for all countries. */
export function listCountries(codes: readonly string[]): { readonly code: string; readonly name: string }[] {
  return [...(codes.length > 0 ? new Set(codes.filter(isCountry)) : countryCodes)]
    .map((code) => ({ code, name: countryName(code) }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

/**
 * The lines of an address in the order of its country, with the country last. A field that addresses of the country do not have stands
 * beside the nearest one that they have, so that nothing is lost on the way.
 */
export function addressLines({ country, ...address }: PostalAddress): string[] {
  const { name, line1, line2, city, postalCode } = address;
  const region = address.region && printedRegion(country, address.region);
  const has = (field: PrintedField) => prints(country, field);
  const place = [has('locality') ? null : city, has('administrativeArea') ? null : region].filter(
    // A city state is printed as the country.
    (part) => part !== null && comparable(part) !== comparable(countryName(country)),
  );
  const street = [line1, ...(line2 === null ? [] : [line2])];
  const beside = place.join(', ');
  const isSmallFirst = formatAddress({ postalCountry: country, name: 'n', addressLines: ['1'] })[0] === 'n';
  const lines = formatAddress({
    postalCountry: country,
    name,
    addressLines:
      has('locality') || beside === '' ? street : isSmallFirst ? [...street, beside] : [beside, ...street],
    locality: has('locality') && beside !== '' ? `${city}, ${beside}` : city,
    ...(region !== null && { administrativeArea: region }),
    ...(postalCode !== null && { postalCode }),
  });
  const code = postalCode === null || has('postalCode') ? [] : [postalCode];
  return isSmallFirst ? [...lines, ...code, countryName(country)] : [...code, ...lines, countryName(country)];
}

type PrintedField = 'postalCode' | 'locality' | 'administrativeArea';

/** Whether addresses of a country print a field. */
function prints(country: string, field: PrintedField): boolean {
  const sample = '7';
  return formatAddress({ postalCountry: country, [field]: sample })
    .join('')
    .includes(sample);
}

function isPostalCode(country: string, text: string): boolean {
  return !postcodeValidatorExistsForCountry(country) || postcodeValidator(text.toUpperCase(), country);
}

// Where the post does not find a place without its region (`require` of Google's address data). Elsewhere it is a help.
const needRegion: ReadonlySet<string> = new Set(
  'AE AS AU BR CA CN CO ES FM HK IN IT JP KR KY MH MP MX PW TW US VI'.split(' '),
);

// Everybody there writes one of the codes. The post of the United States has three more for its forces abroad.
const strictRegions: Readonly<Record<string, readonly string[]>> = { AU: [], CA: [], US: ['AA', 'AE', 'AP'] };

function isRegion(country: string, text: string): boolean {
  const others = strictRegions[country];
  return (
    others === undefined || others.includes(text.toUpperCase()) || regionCode(country, text) !== undefined
  );
}

/** The code of a region (ISO 3166-2 without its country) that was typed by its code or its name; undefined for an unknown one. */
export function regionCode(country: string, text: string): string | undefined {
  const prefix = `${country}-`;
  const typed = comparable(text);
  const found = iso31662.find(
    ({ code, name }) =>
      code.startsWith(prefix) &&
      (comparable(code.slice(prefix.length)) === typed || comparable(name) === typed),
  );
  return found?.code.slice(prefix.length);
}

// Where the post prints the code of a region. Elsewhere it prints the name.
const printCodes: ReadonlySet<string> = new Set(['AU', 'BR', 'CA', 'IT', 'US']);

/** A stored region as it is printed. */
function printedRegion(country: string, region: string): string {
  if (printCodes.has(country)) return region;
  return iso31662.find(({ code }) => code === `${country}-${region}`)?.name ?? region;
}

/** A text without case and accents. */
function comparable(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
