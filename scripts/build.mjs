// Bundles Berth into dist/: one file for Node with one for a thread of its own, one for the self-contained agent
// (scripts/build-agent.mjs), and the dashboard's files.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
// Last: its time is what tells whether a build is stale. The program lies in a folder of its own, in parts of which a command
// loads what it needs; that of the build before stays, as a berth may be starting from it.
const folders = readdirSync('dist').filter((name) => name.startsWith('program-'));
const started = existsSync('dist/berth.mjs') ? readFileSync('dist/berth.mjs', 'utf8') : '';
const current = folders.find((name) => started.includes(`/${name}/`));
for (const name of folders) if (name !== current) rmSync(join('dist', name), { recursive: true });
const program = `program-${Date.now()}`;
await build({
  ...common,
  entryPoints: ['src/main/entry.ts'],
  outdir: join('dist', program),
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  splitting: true,
  external: ['better-sqlite3'],
  banner: { js: require },
});
writeFileSync('dist/berth.mjs.new', `import './${program}/entry.mjs';\n`);
renameSync('dist/berth.mjs.new', 'dist/berth.mjs');
