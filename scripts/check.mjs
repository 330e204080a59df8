// Types, lint and format, the rooms' arrows and cycles, dead exports, evidence: one line each, and what is wrong below it.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { buildDashboard, firstLoad } from './build-dashboard.mjs';
import { unfounded } from './check-evidence.mjs';

const checks = {
  types: () => types('.', 'dist/tsc.json'),
  'types of the page': () => types('dashboard', 'dist/tsc-dashboard.json'),
  'lint and format': () => tool(['biome', 'check', '--error-on-warnings', '--max-diagnostics=50', '.']),
  rooms,
  'size of the page': pageSize,
  'dead exports': () => tool(['knip', '--no-progress']),
  'tests that the evidence names': evidence,
};

/** Bytes that a browser gets before it shows the overview, packed by gzip: what takes brotli gets less. */
const FIRST_LOAD = 300_000;

async function pageSize() {
  await buildDashboard();
  const { total, files } = firstLoad();
  const ok = files.length > 2 && total <= FIRST_LOAD;
  return {
    ok,
    output: ok ? '' : `first load: ${total} bytes of ${FIRST_LOAD}: ${files.join(', ')}`,
    errors: '',
    note: `${Math.round(total / 1000)} kB at first`,
  };
}

function types(project, known) {
  return tool(['tsc', '-p', project, '--pretty', 'false', '--incremental', '--tsBuildInfoFile', known]);
}

/**
 * Arrows between rooms and cycles. The count of modules is compared with the files that there are: a cruiser which
 * cannot parse them (no TypeScript that it knows, a changed suffix) reads none and would pass.
 */
async function rooms() {
  const files = [...sources('src'), ...sources('dashboard/src')];
  const cruise = [
    'depcruise',
    'src',
    'dashboard/src',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
  ];
  const { output, errors } = await tool(cruise);
  const { modules, summary } = JSON.parse(output || fail(errors));
  const seen = new Set(modules.map((module) => module.source));
  const unseen = files.filter((file) => !seen.has(file));
  const problems = summary.violations
    .filter((violation) => violation.rule.severity === 'error')
    .map(
      ({ rule, from, to, cycle }) =>
        `${rule.name}: ${[from, ...(cycle?.map((step) => step.name) ?? [to])].join(' -> ')}`,
    );
  if (unseen.length > 0) problems.push(`not read: ${unseen.join(', ')}`);
  if (files.length === 0) problems.push('no module in src or dashboard');
  return {
    ok: problems.length === 0,
    output: problems.join('\n'),
    errors: '',
    note: `${files.length} modules`,
  };
}

async function evidence() {
  const { problems, names } = unfounded();
  return { ok: problems.length === 0, output: problems.join('\n'), errors: '', note: `${names} names` };
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => `${folder}/${file}`);
}

function fail(message) {
  throw new Error(message);
}

function tool([name, ...args]) {
  return new Promise((done, failed) => {
    const child = spawn(`node_modules/.bin/${name}`, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.on('error', failed);
    child.on('close', (code) => done({ ok: code === 0, output, errors }));
  });
}

let bad = 0;
for (const [name, check] of Object.entries(checks)) {
  const started = performance.now();
  const result = await check().catch((error) => ({ ok: false, output: '', errors: error.message }));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const note = result.note === undefined ? '' : ` (${result.note})`;
  console.log(`${result.ok ? 'ok    ' : 'FAILED'} ${name}${note} ${seconds} s`);
  if (result.ok) continue;
  bad++;
  console.log(
    [result.output, result.errors]
      .map((text) => text.trimEnd())
      .filter(Boolean)
      .join('\n')
      .replace(/^/gm, '    '),
  );
}
process.exitCode = bad === 0 ? 0 : 1;
