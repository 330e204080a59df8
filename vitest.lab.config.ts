import { defineConfig } from 'vitest/config';

/**
 * Tests on real engines: root only. Two files run at a time, as they wait for most of their time. Those that break nothing
 * share a lab of three hosts with what else runs in their worker (`sharedLab`).
 */
const shared = {
  testTimeout: 300_000,
  hookTimeout: 900_000,
  teardownTimeout: 120_000,
  maxWorkers: 2,
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'lab', include: ['test/{lab,images,network}/**/*.test.ts'] } },
      { test: { ...shared, name: 'kernel', include: ['test/kernel/**/*.test.ts'], maxWorkers: 1 } },
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
