// The provider's currencies and their minor units (docs.stripe.com/currencies: "Supported presentment currencies",
// "Zero-decimal currencies" and "Special cases", read on 2026-11-27). Intl and ISO 4217 have other digits: theirs are a habit of
// writing, and Intl's changed between versions of Node. Accounts in some countries may charge fewer of these currencies. The table
// `currencies` of the database has the same rows.

/** How the provider counts an amount. */
export interface MinorUnits {
  /** Digits after the point: with two, 1299000 is 12,990.00. */
  readonly digits: number;
  /** The provider takes multiples of this many minor units only. */
  readonly step: number;
}

// ANG and BGN have been replaced by XCG and EUR, and are kept for prices that shops still have.
const twoDigits = `
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK
  DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL
  MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
  SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW`;

/** Every currency that the provider takes, by its code in capitals. */
export const currencies: ReadonlyMap<string, MinorUnits> = new Map([
  // HUF and TWD are whole in payouts only; a charge may have their cents.
  ...sameUnits(twoDigits, { digits: 2, step: 1 }),
  // Without cents by now. The API still counts two digits, which must be 00. UGX is also in the provider's list of currencies without
  // digits; the special case is the rule for amounts.
  ...sameUnits('ISK UGX', { digits: 2, step: 100 }),
  ...sameUnits('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF', { digits: 0, step: 1 }),
  // The last digit must be 0, also in refunds (the same page until 2023: "Three-decimal currencies").
  ...sameUnits('BHD JOD KWD OMR TND', { digits: 3, step: 10 }),
]);

function sameUnits(codes: string, units: MinorUnits): [string, MinorUnits][] {
  return codes
    .trim()
    .split(/\s+/)
    .map((code) => [code, units]);
}

/** The minor units of a currency (ISO 4217, in either case). An unknown one counts as most do: two digits, in steps of one. */
export function minorUnitsOf(currency: string): MinorUnits {
  return currencies.get(currency.toUpperCase()) ?? { digits: 2, step: 1 };
}

/** Whether the provider takes an amount of minor units as a price: it knows the currency, and the amount is a multiple of its step. */
export function isChargeable(cents: number, currency: string): boolean {
  return currencies.has(currency.toUpperCase()) && cents % minorUnitsOf(currency).step === 0;
}
