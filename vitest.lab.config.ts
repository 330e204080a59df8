import { defineConfig } from 'vitest/config';

/**
 * Tests on real engines: root only. Three files run at a time, as they wait for half of their time. Those that break nothing
 * share a lab of three hosts with what else runs in their worker (`sharedLab`). Browser tests are a part of their own: Chromium
 * gives up each connection that it is making when an interface of the machine comes or goes, as it does with each lab.
 */
const shared = {
  testTimeout: 300_000,
  hookTimeout: 900_000,
  teardownTimeout: 120_000,
  maxWorkers: 3,
  pool: 'forks',
  isolate: false,
  // What a page or an engine is about to be may take seconds on a busy machine; the default is one.
  expect: { poll: { timeout: 30_000 } },
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
          include: ['test/{conformance,integration}/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          maxWorkers: 2,
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/lab/global-setup.ts'],
        },
      },
    ],
  },
});
