import { spawn } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

// An editor writes a file in several steps, and a branch switch writes many files.
const settleMs = 150;

/**
 * Builds the project whenever something in `src` or `public` changes, and calls `onBuilt` after each build that
 * succeeds. The compiler writes its errors to the terminal; what runs goes on running.
 * @returns how to stop watching.
 */
export function watchSources(root: string, onBuilt: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let building = false;
  const build = (): void => {
    if (building) {
      changed();
      return;
    }
    building = true;
    compile(root, (succeeded) => {
      building = false;
      if (succeeded) onBuilt();
    });
  };
  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(build, settleMs);
  };
  const watchers: FSWatcher[] = ['src', 'public'].map((folder) =>
    watch(path.join(root, folder), { recursive: true }, changed),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

function compile(root: string, done: (succeeded: boolean) => void): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = path.join(path.dirname(manifest), 'bin', 'tsc');
  const child = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  child.once('error', () => {
    done(false);
  });
  child.once('exit', (code) => {
    done(code === 0);
  });
}
