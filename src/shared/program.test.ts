import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeError, explainFailure, hideEngineWarning, loadEnvFile, SettingsError } from './program.ts';

describe('.env', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'holdfast-env-'));
    file = path.join(folder, '.env');
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test('adds settings, and the environment wins, even with an empty value', () => {
    for (const name of ['FILE_ONLY', 'QUOTED']) vi.stubEnv(name, undefined);
    vi.stubEnv('IN_BOTH', 'environment');
    vi.stubEnv('EMPTY', '');
    writeFileSync(file, '# a = comment\r\n\r\nFILE_ONLY=1 # note\nIN_BOTH=2\nEMPTY=3\nQUOTED="two\nlines"\n');
    loadEnvFile(file);
    const { FILE_ONLY, IN_BOTH, EMPTY, QUOTED } = process.env;
    expect({ FILE_ONLY, IN_BOTH, EMPTY, QUOTED }).toEqual({
      FILE_ONLY: '1',
      IN_BOTH: 'environment',
      EMPTY: '',
      QUOTED: 'two\nlines',
    });
  });

  test('may be missing', () => {
    expect(() => loadEnvFile(file)).not.toThrow();
  });

  test('that cannot be read is an error', () => {
    expect(() => loadEnvFile(folder)).toThrow(/cannot be read: EISDIR/);
  });

  test.each([
    ['first', 'PORT 3000\nHOST=localhost\n', 1],
    ['in the middle', '# comment\nPORT=3000\nSECRET: hidden\nHOST=localhost', 3],
    ['last', 'PORT=3000\nHOST localhost', 2],
    ['without a name', 'PORT=3000\n=3', 2],
    ['exported without a value', 'PORT=3000\nexport HOST\nA=1', 2],
    ['with several spaces behind export', 'PORT=3000\nexport  HOST=localhost', 2],
  ])('with a malformed line (%s) is an error that names the line and not its text', (_, text, line) => {
    writeFileSync(file, text);
    expect(() => loadEnvFile(file)).toThrow(`line ${line}: expected NAME=value or # comment.`);
    expect(() => loadEnvFile(file)).not.toThrow('hidden');
  });

  test.each([
    [
      'at a # without quotes',
      'PORT=3000\nSECRET=hidden#rest\n',
      'line 2: the value of SECRET would end at its #',
    ],
    ['that begins with #', 'SECRET=#hidden', 'line 1: the value of SECRET would end at its #'],
    [
      'at a # in an address',
      'SMTP_URL=smtps://u:hid#den@host',
      'line 1: the value of SMTP_URL would end at its #',
    ],
    ['at a # in quotes behind a tab', 'SECRET=\t"hid#den"', 'line 1: the value of SECRET would end at its #'],
    ['at a zero', 'PORT=3000\nSECRET=hid\u0000den', 'line 2: has a byte order mark, a zero'],
    [
      'by line ends of one kind',
      'SECRET=hidden\rPORT=3000\r',
      'line 1: has a byte order mark, a zero, or a line',
    ],
    ['by a byte order mark', '\ufeffSECRET=hidden\nPORT=3000', 'line 1: has a byte order mark'],
    ['at a quote', `SECRET='hidden'rest'`, 'line 1: the value of SECRET would end at its quote'],
    ['in the last line of several', 'A="1\n2"3"\nB=4', 'line 2: the value of A would end at its quote'],
    ['by a quote that does not end', 'SECRET="hidden\nPORT=3000', 'line 1: the quote of SECRET does not end'],
    ['by its second line', 'SECRET=hidden\nexport SECRET=rest', 'line 2: SECRET is set a second time'],
  ])('with a value that Node would cut (%s) is an error that does not show it', (_, text, message) => {
    writeFileSync(file, text);
    expect(() => loadEnvFile(file)).toThrow(message);
    expect(() => loadEnvFile(file)).not.toThrow('hid');
  });

  test('may have a # in quotes, and a comment after a space', () => {
    for (const name of ['HASH', 'NOTE', 'NONE', 'ANY']) vi.stubEnv(name, undefined);
    writeFileSync(file, `HASH="a#b" # note\nNOTE=1 # it's\nNONE= # nothing\nANY='say "x"'\n`);
    loadEnvFile(file);
    const { HASH, NOTE, NONE, ANY } = process.env;
    expect({ HASH, NOTE, NONE, ANY }).toEqual({ HASH: 'a#b', NOTE: '1', NONE: '', ANY: 'say "x"' });
  });
});

test('an error with a code alone is described by its code', () => {
  expect(describeError(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(describeError('text')).toBe('text');
});

test('an error that a person can correct is shown without its stack, another one with it', () => {
  expect(explainFailure(new SettingsError(['PORT: needs a number']))).toBe(
    'These settings need attention (README, "Settings"):\n  - PORT: needs a number',
  );
  expect(explainFailure(new Error('unexpected'))).toContain('program.test.ts');
  const missing = Object.assign(new Error('relation "orders" does not exist'), { code: '42P01' });
  expect(explainFailure(missing)).toBe(
    'The database has not been migrated for this version (relation "orders" does not exist). Run: node dist/migrate.js',
  );
  const away = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  expect(explainFailure(away)).toBe('The database does not answer: connect ECONNREFUSED 127.0.0.1:1');
});

test('the warning of the engine is hidden, and no other', () => {
  const shown = vi.spyOn(process, 'emitWarning').mockReturnValue();
  hideEngineWarning();
  process.emitWarning(
    'Calling client.query() when the client is already executing a query is deprecated and will be removed',
    'DeprecationWarning',
  );
  process.emitWarning('Something else is deprecated', 'DeprecationWarning');
  expect(shown.mock.calls).toEqual([['Something else is deprecated', 'DeprecationWarning']]);
  vi.restoreAllMocks();
});
