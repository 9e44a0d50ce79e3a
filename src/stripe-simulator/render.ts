import { fileURLToPath } from 'node:url';
import { Liquid } from 'liquidjs';

/** The folder with this service's templates and assets; it lies at the same place for sources and for the build. */
export const publicFolder = fileURLToPath(new URL('../../public/stripe-simulator/', import.meta.url));

const liquid = new Liquid({
  root: `${publicFolder}views`,
  extname: '.liquid',
  outputEscape: 'escape',
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: true,
  cache: true,
});

/** Renders a template; every value is escaped. */
export function render(
  view: 'payment' | 'bank' | 'message' | 'control' | 'control-session',
  model: object,
): Promise<string> {
  return liquid.renderFile(view, model);
}
