import { type Level, type SubjectName, subjectNames, subjectTitles } from './comparison.ts';
import type { Spread } from './statistics.ts';

const width = 760;
const height = 440;
const plot = { left: 56, right: width - 20, top: 104, bottom: height - 66 };
const barWidth = 58;
const barGap = 6;
const colours: Readonly<Record<SubjectName, string>> = {
  holdfast: '#1f5f8b',
  tutorial: '#d08a2e',
  plain_sql: '#9aa5ad',
};
const ink = '#1f2933';
const faint = '#616e7c';

/**
 * Draws orders per second as an SVG: a group of bars for each number of buyers, a bar for each subject. The axis is
 * logarithmic, for the subjects are orders of magnitude apart; thin lines span the rounds.
 * @param lines of small print under the title.
 */
export function drawOrdersPerSecond(levels: readonly Level[], lines: readonly string[]): string {
  const spreads = levels.flatMap(({ subjects }) =>
    subjectNames.map((name) => subjects[name].figures.orders_per_second),
  );
  const y = logarithmicAxis(spreads);
  const groupWidth = (plot.right - plot.left) / levels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `font-family="system-ui, sans-serif" font-size="12" fill="${ink}" role="img" aria-label="Orders per second">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(20, 32, 'Orders per second, paid', 'font-size="18" font-weight="600"'),
    ...lines.map((line, index) => text(20, 52 + index * 15, line, `font-size="10.5" fill="${faint}"`)),
    ...legend(),
    ...y.ticks.map((tick) => gridLine(tick, y.position(tick))),
    ...levels.map((level, index) => group(level, plot.left + (index + 0.5) * groupWidth, y.position)),
    text(20, height - 14, explanation(levels), `font-size="10.5" fill="${faint}"`),
    '</svg>',
    '',
  ].join('\n');
}

function explanation([level]: readonly Level[]): string {
  const rounds = level?.subjects.holdfast.rounds.length ?? 0;
  return `Logarithmic scale. Bars: the median of ${rounds === 1 ? 'one round' : `${rounds} rounds`}. Lines: from the lowest to the highest.`;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly position: (value: number) => number;
}

/** Whole powers of ten around all values. */
function logarithmicAxis(spreads: readonly Spread[]): Axis {
  const lowest = Math.floor(Math.log10(Math.min(...spreads.map(({ min }) => min))));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...spreads.map(({ max }) => max)))));
  const powers = Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index);
  return {
    ticks: powers.map((power) => 10 ** power),
    position: (value) =>
      plot.bottom - ((Math.log10(value) - lowest) / (highest - lowest)) * (plot.bottom - plot.top),
  };
}

function legend(): string[] {
  return subjectNames.map((name, index) => {
    const x = width - 280 + index * 92;
    return (
      `<rect x="${x}" y="21" width="12" height="12" rx="2" fill="${colours[name]}"/>` +
      text(x + 17, 32, subjectTitles[name])
    );
  });
}

function gridLine(value: number, y: number): string {
  return (
    `<line x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" stroke="#e4e7eb"/>` +
    text(plot.left - 8, y + 4, value.toLocaleString('en'), `text-anchor="end" fill="${faint}"`)
  );
}

function group({ buyers, subjects }: Level, centre: number, position: Axis['position']): string {
  const groupLeft = centre - (subjectNames.length * (barWidth + barGap) - barGap) / 2;
  const bars = subjectNames.map((name, index) =>
    bar(
      groupLeft + index * (barWidth + barGap),
      subjects[name].figures.orders_per_second,
      colours[name],
      position,
    ),
  );
  const title = buyers === 1 ? '1 buyer' : `${buyers} buyers at once`;
  return `${bars.join('\n')}\n${text(centre, plot.bottom + 24, title, 'text-anchor="middle" font-size="13"')}`;
}

function bar(x: number, { median, min, max }: Spread, colour: string, position: Axis['position']): string {
  const top = position(median);
  const middle = x + barWidth / 2;
  const digits = median < 100 ? 1 : 0;
  return (
    `<rect x="${x}" y="${top}" width="${barWidth}" height="${plot.bottom - top}" rx="2" fill="${colour}"/>` +
    `<line x1="${middle}" x2="${middle}" y1="${position(min)}" y2="${position(max)}" stroke="${ink}"/>` +
    text(middle, position(max) - 6, median.toFixed(digits), 'text-anchor="middle" font-weight="600"')
  );
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll(/[&<>]/g, (character) => entities[character] ?? '');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}
