import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { databaseMissing, isPostgresAway, tableMissing } from './outage.ts';

/** The folder of the project, with `public/` and `migrations/`: the same from the sources and from the build. */
export const projectFolder = findProject(new URL('.', import.meta.url));

/** The version of this program. */
export const { version } = JSON.parse(readFileSync(new URL('package.json', projectFolder), 'utf8')) as {
  readonly version: string;
};

function findProject(folder: URL): URL {
  if (existsSync(new URL('package.json', folder))) return folder;
  const above = new URL('..', folder);
  if (above.href === folder.href) throw new Error(`No package.json above ${fileURLToPath(import.meta.url)}.`);
  return findProject(above);
}

/** A reason not to start that the person who starts the program can remove. It is shown without a stack. */
export class StartError extends Error {
  override name = 'StartError';
}

/** Settings that stop the start. The message lists all faults, so that one look is enough to correct them. */
export class SettingsError extends StartError {
  override name = 'SettingsError';

  constructor(readonly faults: readonly string[]) {
    super(
      `These settings need attention (README, "Settings"):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

/** Describes an error in one line. A refused connection to a name with several addresses has only a code. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === '' ? (code ?? error.name) : error.message;
}

/** The text with which a program reports why it did not start, or could not do its work. */
export function explainFailure(error: unknown): string {
  if (error instanceof StartError) return error.message;
  if (isPostgresAway(error)) return `The database does not answer: ${describeError(error)}`;
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === databaseMissing || code === tableMissing)
    return `The database has not been migrated for this version (${describeError(error)}). Run: node dist/migrate.js`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs a program: reads `.env`, then calls `main`. A child of the supervisor does not read the file: its environment has all settings
 * already, and an edit of the file must neither change nor stop a child that starts again.
 * When either fails, writes the reason to standard error and ends the process.
 * @param failure the exit code of that end
 */
export async function runProgram(main: () => Promise<void>, failure = 1): Promise<void> {
  try {
    hideEngineWarning();
    if (process.send === undefined) loadEnvFile();
    await main();
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`);
    process.exit(failure);
  }
}

const engineWarning = 'Calling client.query() when the client is already executing a query is deprecated';

/** Hides the one warning that the workflow engine causes with pg 8, and no other. It says nothing about this program. */
export function hideEngineWarning(): void {
  const emit = process.emitWarning.bind(process) as (warning: string | Error, ...rest: unknown[]) => void;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).startsWith(engineWarning)) emit(warning, ...rest);
  };
}

/**
 * Adds the settings of an `.env` file to the environment, which wins. A missing file is fine.
 * @throws StartError when the file cannot be read, or has a line that is neither a setting nor a comment, or whose value Node would cut.
 */
export function loadEnvFile(file = '.env'): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new StartError(`${file} cannot be read: ${describeError(error)}`);
  }
  const stray = /^\ufeff|\0|\r(?!\n)/.exec(text);
  if (stray)
    throw new StartError(
      `${file}, line ${lineAt(text, stray.index)}: has a byte order mark, a zero, or a line end without a line feed. Save it as plain UTF-8.`,
    );
  const line = malformedLine(text);
  // The line itself may hold a secret.
  if (line !== undefined) throw new StartError(`${file}, line ${line}: expected NAME=value or # comment.`);
  const cut = findCutValue(text);
  if (cut) throw new StartError(`${file}, line ${cut.line}: ${cut.what}.`);
  process.loadEnvFile(file);
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The number of the first line that is no setting. Node would silently join such a line to the name in the next one. */
function malformedLine(text: string): number | undefined {
  const end = 'END_OF_FILE';
  const lines = [...text.split('\n'), `${end}=`];
  const names = Object.keys(parseEnv(lines.join('\n')));
  const malformed = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (malformed === undefined && names.includes(end)) return undefined;
  // A line without a name ends Node's parsing.
  const [start = ''] = (malformed ?? '=').trim().split('\n');
  const texts = lines.map((line) => line.replace(/^\s*(export\s+)?/, ''));
  return texts.findIndex((line) => line.startsWith(start)) + 1;
}

/**
 * The first value of which Node would silently read a part: it ends a value without quotes at any `#`, and ignores the text after a
 * closing quote. The second of two equal names would silently win.
 */
function findCutValue(text: string): { readonly line: number; readonly what: string } | undefined {
  const lines = text.split('\n');
  const names = new Set<string>();
  for (let at = 0; at < lines.length; at += 1) {
    const [, name = '', value = ''] = /^\s*(?:export\s+)?(\w+)\s*(=.*)$/.exec(lines[at] ?? '') ?? [];
    if (name === '') continue;
    const line = at + 1;
    if (names.has(name)) return { line, what: `${name} is set a second time` };
    names.add(name);
    // Only spaces: behind a tab, Node takes a quote as it is.
    const [, quote] = /^= *(["'`])/.exec(value) ?? [];
    if (quote === undefined) {
      if (/\S#/.test(value))
        return {
          line,
          what: `the value of ${name} would end at its #. Put it into quotes, or a space before a comment`,
        };
      continue;
    }
    const rest = [value.slice(value.indexOf(quote) + 1), ...lines.slice(at + 1)].join('\n');
    const end = rest.indexOf(quote);
    if (end < 0) return { line, what: `the quote of ${name} does not end` };
    at += rest.slice(0, end).split('\n').length - 1;
    if (!/^\s*(#|$)/.test(rest.slice(end + 1).split('\n')[0] ?? ''))
      return {
        line: at + 1,
        what: `the value of ${name} would end at its quote. Use another kind of quotes around it`,
      };
  }
  return undefined;
}
