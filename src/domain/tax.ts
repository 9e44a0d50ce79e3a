import { roundedShare } from './rounding.ts';

/** A place with taxes of its own. */
export interface TaxZone extends TaxPlace {
  /** As buyers know it, for example VAT. */
  readonly name: string;
  /** The prices contain the tax. Otherwise it is added to them. */
  readonly included: boolean;
  /** Millionths by tax class: 200000 is 20 %. A class without a rate is not taxed. */
  readonly rates: Readonly<Record<string, number>>;
}

/** Where an order is taxed. */
export interface TaxPlace {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO 3166-2 without the country; empty where there is none. A zone without one is the whole country. */
  readonly region: string;
}

/** The tax of an amount. `rate`: millionths; null where it is not taxed. */
export interface Tax {
  readonly cents: number;
  readonly rate: number | null;
}

/** The zone of a place: that of its region, or else that of its country; null where no tax applies. */
export function taxZoneOf(zones: readonly TaxZone[], place: TaxPlace | null): TaxZone | null {
  if (place === null) return null;
  const inCountry = zones.filter(({ country }) => country === place.country);
  const ofRegion = inCountry.find(({ region }) => region !== '' && region === place.region);
  return ofRegion ?? inCountry.find(({ region }) => region === '') ?? null;
}

const whole = 1_000_000;

/**
 * The tax of an amount, rounded half up. An included tax is the part of the amount that it is.
 * @param amount.cents what is paid for it without an added tax, in minor units
 * @param amount.step minor units; a tax is a multiple of it, because the payment provider takes no other amounts
 */
export function taxOf(
  zone: TaxZone | null,
  { cents, taxClass, step }: { readonly cents: number; readonly taxClass: string; readonly step: number },
): Tax {
  const rate = zone?.rates[taxClass] ?? null;
  if (zone === null || rate === null) return { cents: 0, rate: null };
  return { cents: roundedShare(cents, rate, zone.included ? whole + rate : whole, step), rate };
}
