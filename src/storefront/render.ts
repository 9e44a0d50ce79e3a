import { fileURLToPath } from 'node:url';
import { createHtmlEngine, createTextEngine } from '../shared/liquid.ts';
import { projectFolder } from '../shared/program.ts';
import type { ShownTime } from './times.ts';
import { emailWords, outboxWords, words } from './words.ts';

/** Turns a view and its model into HTML, or a `.text.liquid` view into plain text. */
export interface Renderer {
  readonly render: (view: string, model: object) => Promise<string>;
  readonly renderText: (view: string, model: object) => Promise<string>;
}

export interface RendererOptions {
  readonly cache: boolean;
  /** The versioned address of an asset; see http/assets.ts. */
  readonly assetAddress: (file: string) => string;
  /** Further texts that templates read by these names. */
  readonly texts?: Readonly<Record<string, object>>;
}

const viewsDir = fileURLToPath(new URL('public/views', projectFolder));

/** Creates the renderer of the shop's views. A view sees its model and the texts, nothing else. */
export function createRenderer({ cache, assetAddress, texts }: RendererOptions): Renderer {
  const options = { cache, globals: { words, emailWords, outboxWords, ...texts } };
  const html = createHtmlEngine(viewsDir, options);
  html.registerFilter('asset', assetAddress);
  html.registerFilter('with_time', { raw: true, handler: withTime });
  const text = createTextEngine(viewsDir, options);
  return {
    render: (view, model) => html.renderFile(view, model),
    renderText: (view, model) => text.renderFile(view, model),
  };
}

/** A sentence as HTML. Its `{time}` becomes an element that the browser shows in the reader's own time zone. */
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
