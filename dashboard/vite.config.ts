import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The dashboard, as files for the manager to serve: scripts and styles with hashes in their names, nothing inline. */
export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: {
    // Some functions of the model hash. None of them is called here, but they are in the files of those that are.
    alias: { 'node:crypto': here('src/no-crypto.ts') },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  clearScreen: false,
  logLevel: 'warn',
});
