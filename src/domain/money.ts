/** An amount in minor units (cents) of one currency (ISO 4217). Never a fraction. */
export interface Money {
  readonly cents: number;
  readonly currency: string;
}

/**
 * How numbers and amounts are written. It stands here and not with the words, because `parseMoney` reads what `formatMoney` has
 * written: another notation is a change to both.
 */
export const numberLocale = 'en-US';

/** The amount as a shopper reads it, as in `$99.99`. */
export function formatMoney({ cents, currency }: Money): string {
  const format = formatOf(currency);
  return format.format(cents / 10 ** places(format));
}

/** The amount in major units, for the tutorials' `price` field only; arithmetic stays in minor units. */
export function majorUnits({ cents, currency }: Money): number {
  return cents / 10 ** places(formatOf(currency));
}

/**
 * The minor units of an amount that a person wrote: plain, as in `12.50`, or as `formatMoney` writes it. Nothing is rounded and
 * nothing is guessed, so `1,250` is undefined, which is another amount in another country, and so is `12.505` of a currency
 * without such coins.
 */
export function parseMoney(text: string, currency: string): number | undefined {
  const written = text.trim().replaceAll('\u00a0', ' ');
  const format = formatOf(currency);
  const [, major, minor = ''] = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(written) ?? [];
  if (major !== undefined) {
    return minor.length <= places(format) ? Number(major + minor.padEnd(places(format), '0')) : undefined;
  }
  const cents = Number(written.replaceAll(/\D/g, ''));
  const asWeWriteIt = formatMoney({ cents, currency }).replaceAll('\u00a0', ' ');
  return Number.isSafeInteger(cents) && written === asWeWriteIt ? cents : undefined;
}

function formatOf(currency: string): Intl.NumberFormat {
  return new Intl.NumberFormat(numberLocale, { style: 'currency', currency });
}

/** How many digits the minor unit of a currency takes. */
function places(format: Intl.NumberFormat): number {
  return format.resolvedOptions().maximumFractionDigits ?? 0;
}
