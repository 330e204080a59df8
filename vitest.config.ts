import { defineConfig } from 'vitest/config';

/** Unit tests: beside the source, neither root nor Docker. */
export default defineConfig({
  test: { include: ['src/**/*.test.ts'], testTimeout: 10_000, pool: 'threads' },
});
