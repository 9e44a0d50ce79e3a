/** An amount in minor units (cents) of one currency (ISO 4217, in either case). Never a fraction. */
export interface Money {
  readonly cents: number;
  readonly currency: string;
}

/** The notation of numbers and amounts. `parseMoney` reads the output of `formatMoney`, so a change affects both. */
export const numberLocale = 'en-US';

/** The amount as a shopper reads it: `$99.99` for 9999 USD, `¥500` for 500 JPY. */
export function formatMoney({ cents, currency }: Money): string {
  const format = formatOf(currency);
  return format.format(cents / 10 ** fractionDigits(format));
}

/** The amount in major units, for the tutorials' `price` field only; arithmetic stays in minor units. */
export function majorUnits({ cents, currency }: Money): number {
  return cents / 10 ** fractionDigits(formatOf(currency));
}

/**
 * The minor units of an amount that a person entered, plain (`12.50`) or as `formatMoney` writes it. Undefined when it needs
 * rounding or has two readings: `12.505` in a currency with two digits, and `1,250`, which is another amount in other countries.
 */
export function parseMoney(text: string, currency: string): number | undefined {
  const entered = text.trim().replaceAll('\u00a0', ' ');
  const format = formatOf(currency);
  const [, major, minor = ''] = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(entered) ?? [];
  if (major !== undefined) {
    const digits = fractionDigits(format);
    return minor.length <= digits ? Number(major + minor.padEnd(digits, '0')) : undefined;
  }
  const cents = Number(entered.replaceAll(/\D/g, ''));
  const formatted = formatMoney({ cents, currency }).replaceAll('\u00a0', ' ');
  return Number.isSafeInteger(cents) && entered === formatted ? cents : undefined;
}

function formatOf(currency: string): Intl.NumberFormat {
  return new Intl.NumberFormat(numberLocale, { style: 'currency', currency });
}

function fractionDigits(format: Intl.NumberFormat): number {
  return format.resolvedOptions().maximumFractionDigits ?? 0;
}
