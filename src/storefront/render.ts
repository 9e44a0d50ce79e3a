import { fileURLToPath } from 'node:url';
import { createHtmlEngine, createTextEngine } from '../shared/liquid.ts';
import { projectFolder } from '../shared/program.ts';
import { emailWords, outboxWords } from './email-words.ts';
import type { ShopView } from './shop-view.ts';
import type { ShownTime } from './times.ts';
import { words } from './words.ts';

/** Turns a view and its model into HTML, or a `.text.liquid` view into plain text. */
export interface Renderer {
  readonly render: (view: string, model: object) => Promise<string>;
  readonly renderText: (view: string, model: object) => Promise<string>;
}

export interface RendererOptions {
  /** The versioned address of an asset; see http/assets.ts. */
  readonly assetAddress: (file: string) => string;
  /** The shop, which templates read as `shop`. */
  readonly shop: ShopView;
  /** Further texts that templates read by these names. */
  readonly texts?: Readonly<Record<string, object>>;
}

const viewsDir = fileURLToPath(new URL('public/views', projectFolder));

/** Creates the renderer of the shop's views. A view sees its model and the texts, nothing else. */
export function createRenderer({ assetAddress, shop, texts }: RendererOptions): Renderer {
  const options = { globals: { shop, words, emailWords, outboxWords, ...texts } };
  const html = createHtmlEngine(viewsDir, options);
  html.registerFilter('asset', assetAddress);
  html.registerFilter('json_in_html', { raw: true, handler: jsonInHtml });
  html.registerFilter('with_time', { raw: true, handler: withTime });
  html.registerFilter('product_cards', { raw: true, handler: productCards(html) });
  const text = createTextEngine(viewsDir, options);
  return {
    render: (view, model) => html.renderFile(view, model),
    renderText: (view, model) => text.renderFile(view, model),
  };
}

const cardsAtMost = 1_000;
// Stands for the key of the form in a card that is kept. No text of a product contains it.
const keyPlace = '\u0000';

/**
 * The cards of products as HTML. A view of many cards takes most of its time for them, and a card changes with its product only, so the
 * last thousand are kept.
 */
function productCards(html: ReturnType<typeof createHtmlEngine>) {
  const kept = new Map<string, string>();
  const cardOf = async (product: object, heading: string): Promise<string> => {
    const content = heading + JSON.stringify(product);
    const known = kept.get(content);
    if (known !== undefined) return known;
    const card = String(await html.renderFile('parts/product-card', { product, heading, key: keyPlace }));
    if (kept.size >= cardsAtMost) kept.clear();
    kept.set(content, card);
    return card;
  };
  return async (products: readonly object[], heading: string, formKey: string): Promise<string> => {
    const cards = await Promise.all(products.map((product) => cardOf(product, heading)));
    return cards.join('').replaceAll(keyPlace, () => escapeHtml(formKey));
  };
}

/** JSON inside a script element, which no text of a value can end. Nothing executes it, so the Content-Security-Policy allows it. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
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

/** A text as a part of HTML or XML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
