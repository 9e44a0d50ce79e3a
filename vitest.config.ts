import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { env } from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest files start first, so that no worker is left alone with one of them at the end. */
const longestFirst = [
  'chaos/',
  'explore/',
  'fuzz/',
  'money',
  'plans',
  'bench',
  'supervisor/start',
  'recorded-steps',
  'crash/',
  'browser/accessibility',
  'browser/purchase',
  'workflows/email',
  'payments/edges-of-expiry',
];

class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const first = longestFirst.findIndex((name) => moduleId.includes(`/${name}`));
      return first === -1 ? longestFirst.length : first;
    };
    // The others in no order of their folders, so that files that wait run beside files that compute.
    const place = ({ moduleId }: TestSpecification): string =>
      createHash('sha256').update(path.basename(moduleId)).digest('hex');
    return Promise.resolve(files.toSorted((a, b) => rank(a) - rank(b) || place(a).localeCompare(place(b))));
  }
}

// The limits of time only end a test that hangs: waits fail by themselves when nothing changes any more (test/support/wait.ts).
const hangMs = 1_800_000;
const stalledMs = Number(env['TEST_STALL_SECONDS'] ?? 300) * 1000;

const seed = env['TEST_SEED'] ?? randomBytes(4).toString('hex');

const shared = {
  testTimeout: hangMs,
  hookTimeout: hangMs,
  retry: 0,
  expect: { poll: { timeout: stalledMs, interval: 100 } },
  maxWorkers: 5,
  // The long money runs: more at once leave the other files too little processor time.
  maxConcurrency: 2,
  isolate: false,
  globalSetup: 'test/support/global-setup.ts',
  env: { TEST_SEED: seed },
  tags: [{ name: 'slow', description: 'left out of `npm test`, which takes less than six minutes' }],
};

/** Tests that read the repository's files and need neither Postgres nor a process. */
const filesOnly = [
  'test/repo/{architecture,errors,imports,lock-file,mutants,payments-doc,privacy,references,settings}.test.ts',
];
const timing = 'test/timing/**/*.test.ts';

// oxlint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // Pure functions, which hardly wait.
      { test: { ...shared, name: 'unit', maxWorkers: 2, include: ['src/**/*.test.ts', ...filesOnly] } },
      // Postgres, and from it up to real processes and a real browser. One project, so that its files share the modules of a worker.
      {
        test: {
          ...shared,
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [...filesOnly, timing],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'timing',
          include: [timing],
          maxWorkers: 1,
          // Nothing else runs beside it.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
