import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// Checks that everything named by a comment or a document exists in this repository:
// - "decision 16" needs a record in docs/decisions/ with that number;
// - a link in Markdown needs its file;
// - a path in a comment, or in code style in Markdown, needs a file or folder that it is the end of: `tables.ts` and
//   `database/tables.ts` both name `src/database/tables.ts`. Wildcards and generated folders are exempt;
// - `npm run name` needs a script.
// It also forbids references that a reader of this repository cannot follow, and terms that the glossary has replaced.

const root = fileURLToPath(new URL('../..', import.meta.url));
const endings = 'ts|js|mjs|sql|md|json|liquid|css|yaml|svg';
const generated = /^(?:dist|node_modules|screenshots|bench\/results|test-results|DATA_DIR|\.data)\b/;
const withoutText = /\.(?:png|svg|ico)$|package-lock\.json$/;

const forbidden: readonly RegExp[] = [
  /\bDESIGN\b/,
  /\u00a7/,
  /\bissues? #?\d+/i,
  /\bplan of the house\b/i,
  /\bshared\/(?:[A-Z]+\.md|facts|hooks|seeds)/,
  /(?<![\w.])\/(?:work|home|Users)\/\w+/,
];

/** Terms that the glossary has replaced, each with its standard term. They match whole words, also within identifiers. */
const formerTerms: readonly (readonly [former: string, standard: string])[] = [
  ['story|stories', 'workflow, order details or scenario'],
  ['follow ups', 'workflow registry'],
  ['park(?:ed|s)?', 'send to attention'],
  ['settle matter', 'resolve an attention item'],
  ['sight', 'review fingerprint'],
  ['adopts?', 'recover orphaned workflows'],
  ['unplaced', 'deferred event'],
  ['tell holds over|holds? over', 'expired hold, notify expired holds'],
  ['keep waking|wake.?ups?', 'redelivery poller'],
  ['persistently', 'with retry'],
  ['placed before', 'find an existing order'],
  ['obstacles?', 'blocker'],
  ['order key', 'correlation token'],
  ['moods|strikes?', 'injected faults and their hits'],
  ['departures?', 'delivery'],
  ['books', 'ledger'],
  ['arena|market', 'fixture or target'],
  ['wish(?:es)?', 'request'],
  ['crowd', 'load'],
  ['payment-service', 'stripe-simulator'],
];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));
const texts = new Map(
  files
    .filter((file) => !withoutText.test(file))
    .map((file) => [file, readFileSync(path.join(root, file), 'utf8')] as const),
);
const existing = new Set(files.flatMap(endsOf));
const decisions = new Set(files.map((file) => Number(/^docs\/decisions\/(\d{4})-/.exec(file)?.[1])));
const { scripts } = JSON.parse(texts.get('package.json') ?? '') as { scripts: Record<string, string> };

/** All ends of a path and of its folders: `a/b.ts` has `a/b.ts`, `b.ts` and `a`. */
function endsOf(file: string): string[] {
  const parts = file.split('/');
  return parts.flatMap((_, end) =>
    parts.slice(0, end + 1).map((__, start) => parts.slice(start, end + 1).join('/')),
  );
}

/** The comments of a source file; all of a document. */
function proseOf(file: string, text: string): string {
  if (/\.(?:ts|js|mjs|css)$/.test(file)) {
    return (text.match(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm) ?? []).join('\n');
  }
  if (file.endsWith('.sql')) return (text.match(/--.*$/gm) ?? []).join('\n');
  return text;
}

function pathsIn(file: string, prose: string): string[] {
  const paths = prose.matchAll(new RegExp(`(?<![\\w./*<>:@-])\\w[\\w./-]*\\.(?:${endings})\\b(?![*(])`, 'g'));
  const named = [...paths].map(([name]) => name);
  if (!file.endsWith('.md')) return named;
  const folders = [...prose.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/)`/g)].map(([, folder]) =>
    (folder ?? '').slice(0, -1),
  );
  return [...named, ...folders];
}

/** Everything wrong with the references of one file. */
function problemsIn(file: string, text: string): string[] {
  const prose = proseOf(file, text);
  const cited = [...prose.matchAll(/\bdecisions? (\d+(?:(?:, | and | to )\d+)*)/gi)]
    .flatMap(([, numbers = '']) => numbers.split(/\D+/))
    .filter((number) => number.startsWith('0') || !decisions.has(Number(number)));
  const links = file.endsWith('.md') ? [...prose.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)] : [];
  const broken = links
    .map(([, target = '']) => path.posix.join(path.posix.dirname(file), target))
    .filter((target) => !existsSync(path.join(root, target)));
  const missing = pathsIn(file, prose).filter((name) => {
    return !generated.test(name) && !existing.has(name);
  });
  const commands = [...prose.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].filter(
    ([, name = '']) => !(name in scripts),
  );
  return [
    ...forbidden.flatMap((pattern) => pattern.exec(text)?.[0] ?? []).map((words) => `contains "${words}"`),
    ...cited.map((number) => `decision ${number} does not exist`),
    ...[...broken, ...missing].map((name) => `${name} does not exist`),
    ...commands.map(([command]) => `${command} does not exist`),
  ].map((problem) => `${file}: ${problem}`);
}

test('comments and documents only name decisions, files, commands and documents that exist', () => {
  const own = 'test/repo/references.test.ts';
  expect([...texts].flatMap(([file, text]) => (file === own ? [] : problemsIn(file, text)))).toEqual([]);
});

// Texts for shoppers and operators use ordinary English, so their files are exempt.
const withFormerTerms = /^(?:CHANGELOG\.md|src\/(?:storefront|operator)\/words\.ts)$|\.liquid$/;

function formerTermsIn(file: string, text: string): string[] {
  const words = text.replaceAll(/(?<=[a-z])(?=[A-Z])|_/g, ' ');
  return formerTerms.flatMap(([former, standard]) => {
    const found = new RegExp(`\\b(?:${former})\\b`, 'i').exec(words)?.[0];
    return found === undefined ? [] : [`${file}: "${found}" is now: ${standard}`];
  });
}

test('only the change log uses terms that the glossary has replaced', () => {
  const own = 'test/repo/references.test.ts';
  const checked = [...texts].filter(([file]) => file !== own && !withFormerTerms.test(file));
  expect(checked.flatMap(([file, text]) => formerTermsIn(file, `${file} ${text}`))).toEqual([]);
});

test.each([
  'a story of an order',
  'const checkoutStory = 1;',
  'isParked',
  'keepWaking()',
  'test/workflows/wake-ups.test.ts',
])('the check reports the replaced term in: %s', (text) => {
  expect(formerTermsIn('a.ts', text)).not.toEqual([]);
});

test('the check accepts words that contain a replaced term', () => {
  expect(formerTermsIn('a.ts', 'history, orderHistory, sparkle, insight, marketing')).toEqual([]);
});

test.each([
  ['a.ts', '// Issue 5 asked for it.'],
  ['a.ts', '/** As the plan of the house says. */'],
  ['a.ts', '// See shared/STYLE.md.'],
  ['a.ts', `const folder = '/home/somebody';`],
  ['a.ts', '/** Decided there (decision 999). */'],
  ['a.ts', '// decisions 1 and 999'],
  ['a.ts', '// decision 0001'],
  ['a.ts', '// The rule is in database/renamed-meanwhile.ts.'],
  ['a.ts', '/**\n * The rule (renamed-meanwhile.ts) is in another place.\n */'],
  ['a.sql', '-- as in renamed-meanwhile.ts'],
  ['docs/a.md', 'See [the other page](renamed.md).'],
  ['docs/a.md', 'All of it is in `src/renamed-meanwhile/`.'],
  ['docs/a.md', 'Run `npm run renamed-meanwhile`.'],
])('the check reports the reference in %s: %s', (file, text) => {
  expect(problemsIn(file, text)).not.toEqual([]);
});

test('the check accepts references to what exists, and wildcards', () => {
  const comment = '/** Decision 16; `tables.ts`, database/tables.ts, src/**/*.test.ts, dist/main.js. */';
  expect(problemsIn('src/a.ts', comment)).toEqual([]);
  expect(problemsIn('docs/a.md', '[README](../README.md), `src/domain/`, `npm run check`')).toEqual([]);
});

test('docs/decisions/README.md lists every record with its title and status, and each revision on both sides', () => {
  const records = [...texts]
    .filter(([file]) => /^docs\/decisions\/\d{4}-/.test(file))
    .map(([file, text]) => {
      const [, number = '', title = '', status = ''] =
        /^# (\d+)\. (.+)\n\nStatus: ((?:accepted|superseded).*)\n/.exec(text) ?? [];
      expect(Number(path.basename(file).slice(0, 4)), file).toBe(Number(number));
      return { file: path.basename(file), number, title, status };
    });
  const rows = [
    ...(texts.get('docs/decisions/README.md') ?? '').matchAll(/^\| \[(\d+)\]\((.+)\) \| (.+) \| (.+) \|$/gm),
  ];
  expect(rows.map(([, number, file, title, status]) => ({ file, number, title, status }))).toEqual(
    records.toSorted((a, b) => Number(a.number) - Number(b.number)),
  );
  const relations = (pattern: RegExp) =>
    records.flatMap(({ number, status }) =>
      [...status.matchAll(pattern)].flatMap(([, list = '']) =>
        list.split(/\D+/).map((other) => [number, other]),
      ),
    );
  const revised = relations(/(?:revised|superseded) by decisions? (\d+(?:(?:, | and )\d+)*)/g);
  const revising = relations(/(?:revises|supersedes) decisions? (\d+(?:(?:, | and )\d+)*)/g);
  expect(revising.map(([later, earlier]) => `${earlier} by ${later}`).toSorted()).toEqual(
    revised.map(([earlier, later]) => `${earlier} by ${later}`).toSorted(),
  );
});
