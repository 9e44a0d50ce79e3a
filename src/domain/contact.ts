import { longestReturnReason } from './limits.ts';

/** The result of a correction; `not_now`: the order has ended, or has no address, as after an erasure. */
export type CorrectionOutcome = 'corrected' | 'too_often' | 'not_now' | 'unknown';

/** The result of a request to send again; `nothing`: there is no message yet. `under_way`: it is being sent for the first time. */
export type ResendOutcome =
  | 'resent'
  | 'nothing'
  | 'under_way'
  | 'too_soon'
  | 'too_often'
  | 'not_now'
  | 'unknown';

/** The result of a buyer's request; `not_now`: the order is not paid, or all of it goes back already. */
export type ReturnOutcome = 'asked' | 'open' | 'too_often' | 'not_now' | 'unknown';

/**
 * Reads the reason of a buyer's request. Line breaks and signs that control a text or its direction become spaces, so that it stays within
 * the sentence that repeats it.
 * @returns null when it is empty or too long
 */
export function readReturnReason(typed: string): string | null {
  const reason = typed
    .normalize('NFC')
    .replaceAll(/[\s\p{Cc}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .trim();
  return reason !== '' && reason.length <= longestReturnReason ? reason : null;
}
