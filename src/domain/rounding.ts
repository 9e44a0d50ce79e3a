/**
 * The part `part / whole` of an amount, rounded half up to a multiple of `step`. It is exact: the product of an amount and a rate may
 * be larger than the numbers that JavaScript keeps exactly. None of the numbers is negative, and `whole` and `step` are not 0.
 */
export function roundedShare(cents: number, part: number, whole: number, step: number): number {
  const [numerator, denominator] = [BigInt(cents) * BigInt(part), BigInt(whole) * BigInt(step)];
  return Number((2n * numerator + denominator) / (2n * denominator)) * step;
}
