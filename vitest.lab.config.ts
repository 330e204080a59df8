import { defineConfig } from 'vitest/config';

/**
 * Tests on real engines: root only, one after the other, in one process. Those of the first part make labs and
 * namespaces of their own; all others share one lab of three hosts, given by `inject('lab')`, which only starts when such a
 * test runs.
 */
const shared = {
  testTimeout: 300_000,
  hookTimeout: 900_000,
  teardownTimeout: 120_000,
  fileParallelism: false,
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'lab', include: ['test/{lab,images,network}/**/*.test.ts'] } },
      { test: { ...shared, name: 'kernel', include: ['test/kernel/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'cluster',
          include: ['test/{conformance,integration,e2e}/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
        },
      },
    ],
  },
});
