/** An amount in minor units (cents) of one currency (ISO 4217). Never a fraction (DESIGN §6). */
export interface Money {
  readonly cents: number;
  readonly currency: string;
}

/** The amount as a shopper reads it, as in `$99.99`. */
export function formatMoney({ cents, currency }: Money): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  return format.format(cents / minorUnitsPerMajor(format));
}

/** The amount in major units, for the tutorials' `price` field only; arithmetic stays in minor units. */
export function majorUnits({ cents, currency }: Money): number {
  return cents / minorUnitsPerMajor(new Intl.NumberFormat('en-US', { style: 'currency', currency }));
}

function minorUnitsPerMajor(format: Intl.NumberFormat): number {
  return 10 ** (format.resolvedOptions().maximumFractionDigits ?? 0);
}
