// Makes dist/berth-agent: the agent as one executable that needs nothing installed (Node single executable application,
// https://nodejs.org/docs/latest-v20.x/api/single-executable-applications.html). Does nothing where it is fresh.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const bundle = join(dist, 'agent.cjs');
const out = join(dist, 'berth-agent');

const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (timeOf(out) < timeOf(bundle)) {
  const folder = mkdtempSync(join(dist, '.agent-'));
  try {
    const blob = join(folder, 'agent.blob');
    const config = join(folder, 'sea.json');
    writeFileSync(
      config,
      JSON.stringify({ main: bundle, output: blob, disableExperimentalSEAWarning: true, useSnapshot: false }),
    );
    execFileSync(process.execPath, ['--experimental-sea-config', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const executable = join(folder, 'berth-agent');
    copyFileSync(process.execPath, executable);
    chmodSync(executable, 0o755);
    const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
    const argv = [postject, executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse];
    // Its warnings speak of sections of Node's binary that nobody needs; a failure is thrown with all that it said.
    execFileSync(process.execPath, argv, { stdio: 'pipe' });
    renameSync(executable, out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
