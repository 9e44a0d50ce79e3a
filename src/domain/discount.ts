import { createHash } from 'node:crypto';
import type { Parcel } from './delivery.ts';
import { roundedShare } from './rounding.ts';

/** A code that lowers the price of an order, as it was read for one order. Amounts in minor units. */
export interface DiscountCode {
  readonly code: string;
  /** Percent of the products; null for an amount. */
  readonly percent: number | null;
  readonly amountCents: number | null;
  /** The currency of the amount and of the minimum; null where the code has neither. */
  readonly currency: string | null;
  readonly minimumCents: number;
  readonly validity: 'valid' | 'not_yet' | 'over';
  /** Null without a limit. */
  readonly freeUses: number | null;
  readonly usesPerEmail: number | null;
  /** How often the e-mail address of the order has used it. */
  readonly usesOfEmail: number;
}

/** A discount on the products of an order. One of `percent` and `amountCents` is null. */
export type Discount = Pick<DiscountCode, 'code' | 'percent' | 'amountCents'>;

/** Why a code gives no discount. */
export type DiscountFault =
  | 'unknown_code'
  | 'code_not_yet_valid'
  | 'code_expired'
  | 'code_used_up'
  | 'code_used_by_you'
  | 'code_needs_email'
  | 'code_needs_more'
  | 'code_other_currency';

/** Most characters of a code. */
export const longestCode = 40;

/** A code as it is compared: without spaces and in capitals, so that it may be typed in any way; null when nothing was typed. */
export function readCode(typed: string): string | null {
  const code = typed
    .normalize('NFKC')
    .replaceAll(/[\s\p{C}]+/gu, '')
    .toUpperCase();
  return code === '' ? null : code;
}

/** The digest by which a code counts its uses by e-mail address. It is personal data as the address is. */
export function discountHolderOf(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('hex');
}

/**
 * Decides whether a code applies to an order. The statement that places the order decides about the uses once more.
 * @param code null when there is no such code
 */
export function decideDiscount(
  code: DiscountCode | null,
  { subtotalCents, currency }: Parcel,
  hasEmail: boolean,
): Discount | DiscountFault {
  if (code === null) return 'unknown_code';
  if (code.validity !== 'valid') return code.validity === 'over' ? 'code_expired' : 'code_not_yet_valid';
  if (code.currency !== null && code.currency !== currency) return 'code_other_currency';
  if (subtotalCents < code.minimumCents) return 'code_needs_more';
  if (code.freeUses !== null && code.freeUses <= 0) return 'code_used_up';
  if (code.usesPerEmail !== null && !hasEmail) return 'code_needs_email';
  if (isUsedByEmail(code)) return 'code_used_by_you';
  const { percent, amountCents } = code;
  return { code: code.code, percent, amountCents };
}

/** Whether the e-mail address for which a code was read has used it as often as it may. */
export function isUsedByEmail({ usesPerEmail, usesOfEmail }: DiscountCode): boolean {
  return usesPerEmail !== null && usesOfEmail >= usesPerEmail;
}

/**
 * The discount of each line, in minor units. A percentage is rounded half up per line. An amount is divided by the values of the lines, so
 * that its parts add up to it; it is at most the value of all.
 * @param values of the lines, in minor units
 * @param step minor units; a discount is a multiple of it
 */
export function shareDiscount(
  { percent, amountCents }: Pick<Discount, 'percent' | 'amountCents'>,
  values: readonly number[],
  step: number,
): number[] {
  if (percent !== null) return values.map((value) => roundedShare(value, percent, 100, step));
  const whole = values.reduce((sum, value) => sum + value, 0);
  const discount = Math.min(amountCents ?? 0, whole);
  let [valueBefore, shareBefore] = [0, 0];
  return values.map((value) => {
    valueBefore += value;
    const share = whole === 0 ? 0 : roundedShare(discount, valueBefore, whole, step);
    const part = share - shareBefore;
    shareBefore = share;
    return part;
  });
}
