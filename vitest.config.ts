import { defineConfig } from 'vitest/config';

const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  retry: 0,
  expect: { poll: { timeout: 20_000 } },
} as const;

/** Tests that read the repository's files and need neither Postgres nor a process. */
const filesOnly = [
  'test/repo/{architecture,errors,imports,lock-file,mutants,payments-doc,references,settings}.test.ts',
];

// oxlint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      { test: { ...shared, name: 'unit', include: ['src/**/*.test.ts', ...filesOnly], maxWorkers: 2 } },
      {
        test: {
          ...shared,
          name: 'integration',
          include: ['test/{database,workflows,http,payments,stripe-simulator,repo}/**/*.test.ts'],
          exclude: filesOnly,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...shared,
          // Real processes start and die here, several times in one test.
          testTimeout: 60_000,
          hookTimeout: 90_000,
          name: 'processes',
          include: ['test/{supervisor,crash,browser,money}/**/*.test.ts', 'test/readme.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'timing',
          testTimeout: 60_000,
          hookTimeout: 90_000,
          include: ['test/timing/**/*.test.ts'],
          maxWorkers: 1,
          // Nothing else runs beside it.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
