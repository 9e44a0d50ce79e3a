import { fileURLToPath } from 'node:url';
import { Liquid } from 'liquidjs';
import type { ShownTime } from './times.ts';
import { words } from './words.ts';

/** Turns a view and its model into HTML. */
export interface Renderer {
  readonly render: (view: string, model: object) => Promise<string>;
}

// Both src/ and dist/ lie one level below the project, so one path serves tests and the built shop.
const viewsDir = fileURLToPath(new URL('../../public/views', import.meta.url));

/**
 * The one Liquid engine. Every output is escaped, and a name that the model lacks is an error instead of a gap.
 * Views see the model and `words`, nothing else.
 */
export function createRenderer({ cache }: { cache: boolean }): Renderer {
  const engine = new Liquid({
    root: viewsDir,
    extname: '.liquid',
    cache,
    outputEscape: 'escape',
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    globals: { words },
  });
  engine.registerFilter('with_time', { raw: true, handler: withTime });
  return { render: (view, model) => engine.renderFile(view, model) };
}

/** A sentence as HTML, with its `{time}` as an element that the browser shows in the reader's own time. */
function withTime(sentence: string, time: ShownTime): string {
  const element = `<time datetime="${time.iso}">${escapeHtml(time.text)}</time>`;
  return escapeHtml(sentence).replace('{time}', () => element);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
