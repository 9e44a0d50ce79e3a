import { longestReturnReason } from './limits.ts';

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
