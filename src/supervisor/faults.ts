/** A reason not to start that the person who starts can do something about; shown without a stack. */
export class StartFault extends Error {
  override name = 'StartFault';
}

/** One line about an error. A refused connection to a name with several addresses has no message, only a code. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === '' ? (code ?? error.name) : error.message;
}
