import { defineConfig } from 'vitest/config';

/** Unit tests: beside the source, neither root nor Docker. */
export default defineConfig({
  test: { include: ['{src,dashboard/src}/**/*.test.ts'], testTimeout: 30_000, pool: 'threads' },
});
