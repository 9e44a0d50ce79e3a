import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { watchSources } from '../../src/supervisor/watch.ts';
import { waitFor } from '../support/wait.ts';

test('a change in src is built and then told, one that does not compile is not told', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'holdfast-watch-'));
  const source = path.join(root, 'src', 'a.ts');
  for (const folder of ['src', 'public']) await mkdir(path.join(root, folder));
  await writeFile(source, 'export const a: number = 1;\n');
  await writeFile(
    path.join(root, 'tsconfig.build.json'),
    JSON.stringify({ compilerOptions: { outDir: 'dist', rootDir: 'src', types: [] }, include: ['src'] }),
  );
  let told = 0;
  const stop = watchSources(root, () => {
    told += 1;
  });
  try {
    await writeFile(source, "export const a: number = 'no number';\n");
    const built = (): Promise<string> => readFile(path.join(root, 'dist', 'a.js'), 'utf8');
    await waitFor('the build of the fault', built, (text) => text.includes('no number'));
    await writeFile(source, 'export const a: number = 2;\n');
    await waitFor('the next build', built, (text) => text.includes('2'));
    await expect.poll(() => told, { timeout: 20_000 }).toBe(1);
  } finally {
    stop();
    await rm(root, { recursive: true });
  }
});
