import { createHash } from 'node:crypto';
import { env } from 'node:process';

// The variants of a test that differ only in a place or a setting. `npm test` draws some of them; TEST_CASES=all runs all.

/** Whether every variant runs, and not only those that are drawn. */
export const runsAll = env['TEST_CASES'] === 'all';

/** Draws a part of the variants, `share` of 1 and at least one, as `draw` does. */
export function drawn<Variant>(variants: readonly Variant[], share: number): readonly Variant[] {
  return draw(variants, Math.ceil(variants.length * share));
}

/**
 * Draws `count` variants by TEST_SEED, so that a run can be repeated and different runs try different ones.
 * @param variants differ as JSON
 * @returns the drawn ones in their order, or all with TEST_CASES=all
 */
export function draw<Variant>(variants: readonly Variant[], count: number): readonly Variant[] {
  if (runsAll) return variants;
  const chosen = new Set(variants.toSorted((a, b) => numberOf(a) - numberOf(b)).slice(0, count));
  return variants.filter((variant) => chosen.has(variant));
}

/** A number below 2³² that the seed gives to a variant. */
export function numberOf(variant: unknown): number {
  const text = `${env['TEST_SEED'] ?? ''} ${JSON.stringify(variant)}`;
  return createHash('sha256').update(text).digest().readUInt32BE();
}
