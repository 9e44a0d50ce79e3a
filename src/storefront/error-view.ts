import { errorWords, words } from './words.ts';

export interface ErrorView {
  readonly title: string;
  readonly message: string;
  /** The word on the way back to the products. */
  readonly onward: string;
}

/** The page that shows a problem to a person. */
export function errorView(problem: {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}): ErrorView {
  const said = errorWords[problem.code];
  return {
    title: said?.title ?? problem.title,
    message: said?.message ?? problem.detail,
    onward: words.error.onward,
  };
}

/** The page at the address of a product that is not sold, or never was. */
export const notSoldView: ErrorView = words.notSold;
