import { escapeHtml } from './render.ts';
import { words } from './words.ts';

// What search engines, and browsers that install the shop, read about it.

const sitemapNamespace = 'http://www.sitemaps.org/schemas/sitemap/0.9';

/** A list of addresses for search engines. The caller bounds it: sitemaps.org allows 50,000. */
export function sitemapOf(publicUrl: string, paths: readonly string[]): string {
  return sitemap('urlset', 'url', publicUrl, paths);
}

/** A list of such lists. */
export function sitemapIndex(publicUrl: string, paths: readonly string[]): string {
  return sitemap('sitemapindex', 'sitemap', publicUrl, paths);
}

function sitemap(root: string, entry: string, publicUrl: string, paths: readonly string[]): string {
  const entries = paths.map((path) => `<${entry}><loc>${escapeHtml(publicUrl + path)}</loc></${entry}>\n`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${sitemapNamespace}">\n${entries.join('')}</${root}>\n`;
}

/** The web app manifest: how a browser shows the shop among installed programs. */
export function manifestOf(name: string, assetAddress: (file: string) => string) {
  const icons = [192, 512].flatMap((size) =>
    // The drawing keeps clear of the edges, so that it can be cut to any shape.
    (['any', 'maskable'] as const).map((purpose) => ({
      src: assetAddress(`/assets/icons/${size}.png`),
      sizes: `${size}x${size}`,
      type: 'image/png',
      purpose,
    })),
  );
  return {
    name,
    short_name: name,
    lang: words.language,
    id: '/',
    start_url: '/',
    scope: '/',
    display: 'minimal-ui',
    background_color: '#FAF8F3',
    theme_color: '#FAF8F3',
    icons,
  };
}
