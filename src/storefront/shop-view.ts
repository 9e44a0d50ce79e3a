import MarkdownIt from 'markdown-it';
import { homeWords, words } from './words.ts';

/** Whose shop it is. An undefined value shows nowhere. */
export interface ShopIdentity {
  readonly name: string;
  readonly addressLines: readonly string[];
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly taxNumber: string | undefined;
}

/** A page that the shop wrote itself. */
export interface ShopPage {
  readonly address: string;
  /** The name of its links. */
  readonly name: string;
  readonly title: string;
  readonly html: string;
}

/** The shop as every page and message shows it; templates read it as `shop`. */
export interface ShopView {
  readonly name: string;
  /** The link to the first page, as it is read aloud. */
  readonly home: string;
  /** Origin under which shoppers reach the shop. */
  readonly url: string;
  readonly addressLines: readonly string[];
  readonly email: string | null;
  readonly phone: { readonly text: string; readonly address: string } | null;
  readonly taxNumber: string | null;
  /** The same for search engines. */
  readonly data: object;
  readonly pages: readonly Pick<ShopPage, 'address' | 'name'>[];
}

/** Shows a shop's identity, and leads to its own pages. */
export function shopView(identity: ShopIdentity, publicUrl: string, pages: readonly ShopPage[]): ShopView {
  const { name, addressLines, email = null, phone, taxNumber = null } = identity;
  return {
    name,
    home: homeWords(name),
    url: publicUrl,
    addressLines,
    email,
    phone: phone === undefined ? null : { text: phone, address: `tel:${phone.replaceAll(/[^+\d]/g, '')}` },
    taxNumber,
    data: organizationData(identity, publicUrl),
    pages: pages.map(({ address, name: title }) => ({ address, name: title })),
  };
}

/** The seller, for search engines. */
function organizationData(identity: ShopIdentity, publicUrl: string) {
  const { name, addressLines, email, phone, taxNumber } = identity;
  return {
    '@context': 'https://schema.org',
    '@type': 'OnlineStore',
    name,
    url: `${publicUrl}/`,
    logo: `${publicUrl}/assets/icons/512.png`,
    email,
    telephone: phone,
    taxID: taxNumber,
    address: addressLines.length > 0 ? addressLines.join(', ') : undefined,
  };
}

// HTML inside Markdown is shown as text, and addresses such as javascript: are no links. Pictures of other hosts would not load.
const markdown = new MarkdownIt({ html: false, linkify: false }).disable('image');

/** Makes a page of a Markdown text. A heading of the first level at its beginning is the title of the page. */
export function shopPage(name: keyof typeof words.shopPages, text: string): ShopPage {
  const environment = {};
  const tokens = markdown.parse(text, environment);
  const [heading, content] = tokens;
  const hasTitle = heading?.type === 'heading_open' && heading.tag === 'h1';
  const title = hasTitle ? plainText(content?.children ?? []) : '';
  const body = title === '' ? tokens : tokens.slice(3);
  // The page has one heading of the first level.
  for (const token of body) if (token.tag === 'h1') token.tag = 'h2';
  return {
    address: `/${name}`,
    name: words.shopPages[name],
    title: title || words.shopPages[name],
    html: markdown.renderer.render(body, markdown.options, environment),
  };
}

function plainText(tokens: readonly { readonly content: string }[]): string {
  return tokens
    .map(({ content }) => content)
    .join('')
    .trim();
}
