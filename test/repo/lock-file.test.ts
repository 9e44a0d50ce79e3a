import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

interface LockFile {
  packages: Record<string, { integrity?: string; resolved?: string; link?: boolean }>;
}

test('package-lock.json has a hash for every package, and no address of a registry', async () => {
  const text = await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { packages } = JSON.parse(text) as LockFile;
  const installed = Object.entries(packages).filter(([folder, { link }]) => folder !== '' && !link);
  const withoutHash = installed.filter(([, { integrity }]) => integrity === undefined);
  const withAddress = installed.filter(([, { resolved }]) => resolved !== undefined);
  expect(installed.length).toBeGreaterThan(100);
  expect(withoutHash.map(([folder]) => folder)).toEqual([]);
  expect(withAddress.map(([folder]) => folder)).toEqual([]);
});
