// Bundles Berth into dist/: one file for Node with one for a thread of its own, one for the self-contained agent
// (scripts/build-agent.mjs), and the dashboard's files.
import { readFileSync, renameSync } from 'node:fs';
import { build } from 'esbuild';
import { buildDashboard } from './build-dashboard.mjs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.12',
  define: { BERTH_VERSION: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
  // version.ts asks for it only where no build has put the version in.
  logOverride: { 'empty-import-meta': 'silent' },
};

/** Builds under another name first: a berth that is starting must never read half a file. */
async function bundle(entry, out, options) {
  await build({ ...common, entryPoints: [entry], outfile: `${out}.new`, ...options });
  renameSync(`${out}.new`, out);
}

const require =
  'import{createRequire as berthRequire}from"node:module";const require=berthRequire(import.meta.url);';
await buildDashboard();
await bundle('src/main/agent-entry.ts', 'dist/agent.cjs', { format: 'cjs' });
await bundle('src/main/compose-worker.ts', 'dist/compose-worker.mjs', {
  format: 'esm',
  banner: { js: require },
});
// Last: its time is what tells whether a build is stale.
await bundle('src/main/entry.ts', 'dist/berth.mjs', {
  format: 'esm',
  external: ['better-sqlite3'],
  banner: { js: require },
});
