import { defineConfig } from 'vitest/config';

/**
 * Unit tests: beside the source, neither root nor Docker. They wait for half of their time, so that there are more files at
 * a time than cores, and those of one thread share what they import: loading it took longer than the tests.
 */
export default defineConfig({
  test: {
    include: ['{src,dashboard/src}/**/*.test.ts'],
    testTimeout: 30_000,
    pool: 'threads',
    isolate: false,
    maxWorkers: 3,
    // The default is one second, which a busy machine takes for itself.
    expect: { poll: { timeout: 10_000 } },
  },
});
