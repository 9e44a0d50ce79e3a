import { Liquid } from 'liquidjs';

interface ViewOptions {
  /** Values that every view sees beside its model. */
  readonly globals?: object;
}

/**
 * An engine for the HTML views (`.liquid`) of one folder. It escapes every output, and a name that the model lacks is an error
 * instead of a gap. A view is read once in the life of a process.
 */
export function createHtmlEngine(folder: string, options: ViewOptions = {}): Liquid {
  return new Liquid({ ...strict(folder, options), extname: '.liquid', outputEscape: 'escape' });
}

/** An engine for the plain-text views (`.text.liquid`) of one folder, which need no escaping. */
export function createTextEngine(folder: string, options: ViewOptions = {}): Liquid {
  return new Liquid({ ...strict(folder, options), extname: '.text.liquid' });
}

function strict(folder: string, options: ViewOptions) {
  return {
    ...options,
    root: folder,
    cache: true,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
  };
}
