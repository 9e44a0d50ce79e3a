import { type ByStore, type Level, storeNames, storeTitles } from './comparison.ts';
import type { Spread } from './statistics.ts';
import type { StoreName } from './stores.ts';

const width = 760;
const height = 440;
const plot = { left: 56, right: width - 20, top: 104, bottom: height - 66 };
const barWidth = 58;
const barStep = barWidth + 6;
const colours: ByStore<string> = {
  holdfast: '#1f5f8b',
  tutorial: '#d08a2e',
  plain_sql: '#9aa5ad',
};
const ink = '#1f2933';
const faint = '#616e7c';
const smallPrint = `font-size="10.5" fill="${faint}"`;

/**
 * Draws orders per second as an SVG: a group of bars for each number of buyers, a bar for each store. The axis is
 * logarithmic, because the stores are orders of magnitude apart. Thin lines show the lowest and the highest round.
 * @param lines small print below the title.
 */
export function drawOrdersPerSecond(levels: readonly Level[], lines: readonly string[]): string {
  const powers = powersOfTen(levels);
  const [lowest = 0, highest = 1] = [powers.at(0), powers.at(-1)];
  const y = (value: number): number =>
    plot.bottom - ((Math.log10(value) - lowest) / (highest - lowest)) * (plot.bottom - plot.top);
  const groupWidth = (plot.right - plot.left) / levels.length;
  const rounds = levels[0]?.stores.holdfast.rounds.length ?? 0;
  const bars = `Bars: the median of ${rounds === 1 ? 'one round' : `${rounds} rounds`}.`;
  const explanation = `Logarithmic scale. ${bars} Lines: from the lowest to the highest.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `font-family="system-ui, sans-serif" font-size="12" fill="${ink}" role="img" aria-label="Orders per second">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(20, 32, 'Orders per second, paid', 'font-size="18" font-weight="600"'),
    ...lines.map((line, index) => text(20, 52 + index * 15, line, smallPrint)),
    ...storeNames.map((name, index) => legendItem(name, width - 280 + index * 92)),
    ...powers.map((power) => gridLine(10 ** power, y(10 ** power))),
    ...levels.map((level, index) => group(level, plot.left + (index + 0.5) * groupWidth, y)),
    text(20, height - 14, explanation, smallPrint),
    '</svg>\n',
  ].join('\n');
}

/** The exponents of the whole powers of ten around all values; at least two. */
function powersOfTen(levels: readonly Level[]): number[] {
  const spreads = levels.flatMap(({ stores }) =>
    storeNames.map((name) => stores[name].figures.orders_per_second),
  );
  const lowest = Math.floor(Math.log10(Math.min(...spreads.map(({ min }) => min))));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...spreads.map(({ max }) => max)))));
  return Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index);
}

function legendItem(name: StoreName, x: number): string {
  const square = `<rect x="${x}" y="21" width="12" height="12" rx="2" fill="${colours[name]}"/>`;
  return square + text(x + 17, 32, storeTitles[name]);
}

function gridLine(value: number, y: number): string {
  const line = `<line x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" stroke="#e4e7eb"/>`;
  return line + text(plot.left - 8, y + 4, value.toLocaleString('en'), `text-anchor="end" fill="${faint}"`);
}

function group({ buyers, stores }: Level, centre: number, y: (value: number) => number): string {
  const bars = storeNames.map((name, index) => {
    const middle = centre + (index - (storeNames.length - 1) / 2) * barStep;
    return bar(middle, stores[name].figures.orders_per_second, colours[name], y);
  });
  const title = buyers === 1 ? '1 buyer' : `${buyers} buyers at once`;
  return `${bars.join('\n')}\n${text(centre, plot.bottom + 24, title, 'text-anchor="middle" font-size="13"')}`;
}

function bar(
  middle: number,
  { median, min, max }: Spread,
  colour: string,
  y: (value: number) => number,
): string {
  const top = y(median);
  const size = `width="${barWidth}" height="${plot.bottom - top}"`;
  return (
    `<rect x="${middle - barWidth / 2}" y="${top}" ${size} rx="2" fill="${colour}"/>` +
    `<line x1="${middle}" x2="${middle}" y1="${y(min)}" y2="${y(max)}" stroke="${ink}"/>` +
    text(middle, y(max) - 6, median.toFixed(median < 100 ? 1 : 0), 'text-anchor="middle" font-weight="600"')
  );
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}
