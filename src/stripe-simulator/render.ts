import { fileURLToPath } from 'node:url';
import { createHtmlEngine } from '../shared/liquid.ts';

/** The folder with this service's templates and assets; it lies at the same place for sources and for the build. */
export const publicFolder = fileURLToPath(new URL('../../public/stripe-simulator/', import.meta.url));

const engine = createHtmlEngine(`${publicFolder}views`, { cache: true });

/** Renders a template; every value is escaped. */
export function render(
  view: 'payment' | 'bank' | 'message' | 'control' | 'control-session',
  model: object,
): Promise<string> {
  return engine.renderFile(view, model);
}
