// Adds up what the parts of a test run have left in a folder: PART.status (its exit status) and, from vitest,
// PART.json. A part that failed without a failed test (a check, a file that does not load, a crash) counts as one.
// usage: sum-tests.mjs FOLDER
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of readdirSync(folder)) {
  if (!file.endsWith('.status')) continue;
  const report = join(folder, file.replace(/\.status$/, '.json'));
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  passed += counts.numPassedTests ?? 0;
  skipped += (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0);
  const partFailed = counts.numFailedTests ?? 0;
  const broken = readFileSync(join(folder, file), 'utf8').trim() !== '0';
  failed += broken && partFailed === 0 ? 1 : partFailed;
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
