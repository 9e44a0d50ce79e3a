import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { missingIdentity, readShopPages } from './config-identity.ts';

const identityOf = (env: Record<string, string>) => readConfig(env, 'supervisor').identity;

function faultsOf(env: Record<string, string>): string {
  try {
    readConfig(env, 'supervisor');
    return '';
  } catch (error) {
    return String(error);
  }
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'shop-pages-'));
});

afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, content: string | Uint8Array) => writeFile(path.join(folder, file), content);

test('a demonstration has an example of everything that a shop should have', () => {
  const identity = identityOf({});
  expect(identity).toMatchObject({
    name: 'Holdfast',
    addressLines: ['1 Demonstration Quay', 'Harbour Town'],
  });
  expect(readShopPages(identity.pagesDir ?? '').faults).toEqual([]);
  expect(missingIdentity(identity)).toEqual([]);
});

test('an address has lines, and its parts may be in any script', () => {
  const settings = {
    SHOP_NAME: 'בית',
    SHOP_ADDRESS: '1 Quay|Harbour Town | مدينة',
    SHOP_PHONE: '+972 3-555',
  };
  expect(identityOf(settings)).toMatchObject({
    name: 'בית',
    addressLines: ['1 Quay', 'Harbour Town', 'مدينة'],
    phone: '+972 3-555',
  });
});

test('messages come from the name of the shop unless a sender is set', () => {
  expect(readConfig({ SHOP_NAME: 'Quay' }, 'supervisor').email.from.name).toBe('Quay');
});

test.each([
  [{ SHOP_NAME: 'a'.repeat(101) }, 'SHOP_NAME: has more than 100 characters; shorten it'],
  [{ SHOP_NAME: 'a\u202Eb' }, 'SHOP_NAME: has an invisible character that changes the direction'],
  [{ SHOP_NAME: 'a\nb' }, 'SHOP_NAME: has a control character'],
  [{ SHOP_ADDRESS: 'a'.repeat(301) }, 'has more than 300 characters in a line'],
  [{ SHOP_ADDRESS: 'a||b' }, 'has an empty line; write lines with | between them'],
  [{ SHOP_ADDRESS: 'a|b|c|d|e|f|g|h|i' }, 'SHOP_ADDRESS: has more than 8 lines'],
  [{ SHOP_EMAIL: 'Shop <hello@shop.example>' }, 'SHOP_EMAIL: is an address without a name'],
  [{ SHOP_PHONE: 'call us' }, 'SHOP_PHONE: is a number such as'],
  [{ SHOP_PHONE: '+ ()-' }, 'SHOP_PHONE: is a number such as'],
  [
    { SHOP_PAGES_DIR: '/nowhere' },
    'SHOP_PAGES_DIR: /nowhere cannot be read (ENOENT). Set it to a folder with',
  ],
])('%j does not start', (env, fault) => {
  expect(faultsOf(env)).toContain(fault);
});

describe('the folder of the pages', () => {
  test('may have some of them', async () => {
    await write('imprint.md', '# Us\n');
    await write('other.md', 'ignored');
    expect(readShopPages(folder)).toEqual({ texts: [{ name: 'imprint', text: '# Us' }], faults: [] });
    expect(faultsOf({ SHOP_PAGES_DIR: folder })).toBe('');
  });

  test('has each fault by its file, all at once', async () => {
    await write('terms.md', ' \n');
    await write('returns.md', 'a'.repeat(64 * 1024 + 1));
    await write('privacy.md', Uint8Array.of(0x41, 0xff));
    const faults = faultsOf({ SHOP_PAGES_DIR: folder });
    expect(faults).toContain('SHOP_PAGES_DIR: terms.md is empty');
    expect(faults).toContain('SHOP_PAGES_DIR: returns.md has more than 64 KB');
    expect(faults).toContain('SHOP_PAGES_DIR: privacy.md is not in UTF-8');
  });

  test('has files, and nothing else under their names', async () => {
    await mkdir(path.join(folder, 'terms.md'));
    expect(readShopPages(folder).faults).toEqual(['SHOP_PAGES_DIR: terms.md is no file; replace it by one']);
  });

  test('without any of them is a mistake', () => {
    expect(faultsOf({ SHOP_PAGES_DIR: folder })).toContain('has none of the files terms.md, returns.md');
  });

  test('does not matter to a command that shows nothing', () => {
    expect(() => readConfig({ SHOP_PAGES_DIR: '/nowhere' }, 'migrate')).not.toThrow();
  });
});

test('a shop lacks what its settings and files do not have', async () => {
  const bare = { name: 'Quay', addressLines: [], email: undefined, phone: undefined, taxNumber: undefined };
  expect(missingIdentity({ ...bare, pagesDir: undefined })).toEqual([
    'SHOP_ADDRESS',
    'SHOP_EMAIL',
    'SHOP_PAGES_DIR',
  ]);
  await write('terms.md', 'Ours.');
  const known = { ...bare, addressLines: ['1 Quay'], email: 'hello@shop.example', pagesDir: folder };
  expect(missingIdentity(known)).toEqual(['returns.md', 'privacy.md', 'imprint.md']);
});
