import { errorWords } from './words.ts';

export interface ErrorView {
  readonly title: string;
  readonly message: string;
  readonly status: number;
}

/** The page that shows a problem to a person. */
export function errorView(problem: {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}): ErrorView {
  const said = errorWords[problem.code];
  return {
    title: said?.title ?? problem.title,
    message: said?.message ?? problem.detail,
    status: problem.status,
  };
}
