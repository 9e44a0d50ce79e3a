import { fileURLToPath } from 'node:url';
import { Liquid } from 'liquidjs';
import type { ShownTime } from './times.ts';
import { emailWords, operatorWords, outboxWords, words } from './words.ts';

/** Turns a view and its model into HTML, or a `.text.liquid` view into plain text. */
export interface Renderer {
  readonly render: (view: string, model: object) => Promise<string>;
  readonly renderText: (view: string, model: object) => Promise<string>;
}

export interface RendererOptions {
  readonly cache: boolean;
  /** The lasting address of a file of ours; see http/assets.ts. */
  readonly assetAddress: (file: string) => string;
}

// Both src/ and dist/ lie one level below the project, so one path serves tests and the built shop.
const viewsDir = fileURLToPath(new URL('../../public/views', import.meta.url));

/**
 * The one place that sets Liquid up. Every output is escaped, and a name that the model lacks is an error instead of a gap.
 * Views see the model and the words, nothing else. Plain text needs no escaping, so its engine finds `.text.liquid` only.
 */
export function createRenderer({ cache, assetAddress }: RendererOptions): Renderer {
  const common = {
    root: viewsDir,
    cache,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    globals: { words, emailWords, outboxWords, operatorWords },
  };
  const html = new Liquid({ ...common, extname: '.liquid', outputEscape: 'escape' });
  html.registerFilter('asset', assetAddress);
  html.registerFilter('with_time', { raw: true, handler: withTime });
  const text = new Liquid({ ...common, extname: '.text.liquid' });
  return {
    render: (view, model) => html.renderFile(view, model),
    renderText: (view, model) => text.renderFile(view, model),
  };
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
