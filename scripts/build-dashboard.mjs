// Builds the dashboard into dist/dashboard, each file also packed, where anything that goes into it has changed.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const OUT = 'dist/dashboard';
/** Beside it, as what is in it is served. */
const MADE_FROM = 'dist/dashboard.inputs';
/** Folders and files that it is made from: the page's own, and those that it imports. */
const INPUTS = [
  ...['dashboard', 'src/contract', 'src/model', 'src/kit'],
  ...['package-lock.json', 'scripts/build-dashboard.mjs'],
];
const PACKED = new Set(['.css', '.html', '.js', '.svg']);

function filesIn(path) {
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function digestOfInputs() {
  const hash = createHash('sha256');
  const files = INPUTS.flatMap((path) => (extname(path) === '' ? filesIn(path) : [path]));
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).sort()) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** False where it was made from the same already. */
export async function buildDashboard() {
  const inputs = digestOfInputs();
  const before = existsSync(MADE_FROM) ? readFileSync(MADE_FROM, 'utf8') : '';
  if (before === inputs && existsSync(`${OUT}/index.html`)) return false;
  // Vite takes it from its surroundings, and under a test would bundle React's development build.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  // A folder of its own: a check and a program that starts may build at the same time.
  mkdirSync(dirname(OUT), { recursive: true });
  const draft = mkdtempSync(`${OUT}.`);
  await build({
    configFile: 'dashboard/vite.config.ts',
    build: { outDir: resolve(draft), emptyOutDir: true },
  });
  for (const file of filesIn(draft)) {
    // The index is another one in each answer.
    if (!PACKED.has(extname(file)) || file === join(draft, 'index.html')) continue;
    const bytes = readFileSync(file);
    const quality = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: quality }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
  replace(draft);
  writeFileSync(MADE_FROM, inputs);
  return true;
}

/** Puts the draft into its place, where another one of the same may come in between. */
function replace(draft) {
  for (let tries = 1; ; tries++) {
    rmSync(OUT, { recursive: true, force: true });
    try {
      renameSync(draft, OUT);
      chmodSync(OUT, 0o755);
      return;
    } catch (thrown) {
      if (tries === 5 || !['ENOTEMPTY', 'EEXIST'].includes(thrown.code)) throw thrown;
    }
  }
}

/** What a browser gets before it shows the overview: the index's files, that page's, and all that these import. */
export function firstLoad() {
  const index = readFileSync(`${OUT}/index.html`, 'utf8');
  const wanted = [...index.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file]) => file);
  const overview = readdirSync(`${OUT}/assets`).find((file) => /^overview-[\w-]{8}\.js$/.test(file));
  if (overview === undefined) throw new Error(`${OUT} has no page "overview"`);
  wanted.push(`assets/${overview}`);
  const files = new Map();
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (files.has(file)) continue;
    files.set(file, readFileSync(`${OUT}/${file}.gz`).length);
    if (!file.endsWith('.js')) continue;
    const text = readFileSync(`${OUT}/${file}`, 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      wanted.push(`assets/${name}`);
  }
  const total = [...files.values()].reduce((sum, size) => sum + size, 0);
  return { total, files: [...files].map(([file, size]) => `${file} ${size}`) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log((await buildDashboard()) ? `built ${OUT}` : `${OUT} is up to date`);
}
