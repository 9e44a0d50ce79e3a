import { currencies, minorUnitsOf } from './currencies.ts';

/** An amount in minor units (cents) of one currency (ISO 4217, in either case). Never a fraction. */
export interface Money {
  readonly cents: number;
  readonly currency: string;
}

/** The notation of numbers and amounts. `parseMoney` reads the output of `formatMoney`, so a change affects both. */
export const numberLocale = 'en-US';

/** The amount as a shopper reads it: `$99.99` for 9999 USD, `¥500` for 500 JPY. */
export function formatMoney({ cents, currency }: Money): string {
  const code = currency.toUpperCase();
  const amount = formatOf(code).format(majorUnits({ cents, currency }));
  return currencies.has(code) ? amount : `${code}\u00a0${amount}`;
}

const formats = new Map<string, Intl.NumberFormat>();

/** The format of a currency. Making one takes as long as all the rest of a product's card, so those of known currencies are kept. */
function formatOf(code: string): Intl.NumberFormat {
  let format = formats.get(code);
  if (format === undefined) {
    const { digits } = minorUnitsOf(code);
    // The digits are always the provider's: Intl has others, which depend on the version of Node.
    const number = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    // Intl throws at a code that cannot be one, and a message of the provider may contain any.
    if (!currencies.has(code)) return new Intl.NumberFormat(numberLocale, number);
    format = new Intl.NumberFormat(numberLocale, { ...number, style: 'currency', currency: code });
    formats.set(code, format);
  }
  return format;
}

/** The amount in major units, for the tutorials' `price` field only; arithmetic stays in minor units. */
export function majorUnits({ cents, currency }: Money): number {
  return cents / 10 ** minorUnitsOf(currency).digits;
}

/**
 * The minor units of an amount that a person entered, plain (`12.50`) or as `formatMoney` writes it. Undefined when it needs
 * rounding or has two readings: `12.505` in a currency with two digits, and `1,250`, which is another amount in other countries.
 */
export function parseMoney(text: string, currency: string): number | undefined {
  const entered = text.trim().replaceAll('\u00a0', ' ');
  const [, major, minor = ''] = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(entered) ?? [];
  if (major !== undefined) {
    const { digits } = minorUnitsOf(currency);
    return minor.length <= digits ? Number(major + minor.padEnd(digits, '0')) : undefined;
  }
  const cents = Number(entered.replaceAll(/\D/g, ''));
  const formatted = formatMoney({ cents, currency }).replaceAll('\u00a0', ' ');
  return Number.isSafeInteger(cents) && entered === formatted ? cents : undefined;
}
