import type { ErrorCode } from '../domain/errors.ts';
import { errorWords, words } from './words.ts';

export interface ErrorView {
  readonly title: string;
  readonly message: string;
  /** The word on the way back to the products. */
  readonly onward: string;
}

/** The page that shows a problem to a person: by its code alone, because its details are words for programs. */
export function errorView({ code }: { readonly code: ErrorCode }): ErrorView {
  return { ...errorWords[code], onward: words.error.onward };
}

/** The page at the address of a product that is not sold, or never was. */
export const notSoldView: ErrorView = words.notSold;
