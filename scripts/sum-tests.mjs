// Adds up what the parts of a test run have left in a folder: PART.status (its exit status) and, from vitest,
// PART.json. A part that failed without a failed test (a check, a file that does not load, a crash) counts as one.
// What failed is told once more, at the end, where it is found also in a log of which only the end was kept.
// usage: sum-tests.mjs FOLDER
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const MESSAGE_LINES = 25;

/** The first lines of what a test run says of a failure, without colours. */
function shortened(message) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with one
  const lines = message.replace(/\u001b\[[0-9;]*m/g, '').split('\n');
  const own = lines.filter((line) => !/^\s+at .*node_modules/.test(line)).slice(0, MESSAGE_LINES);
  return own.map((line) => `    ${line}`).join('\n');
}

/** Each failure of a part's report: file, test, message. A file that did not load has no test. */
function* failures(report) {
  for (const file of report.testResults ?? []) {
    const path = relative(process.cwd(), file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    for (const test of failed)
      yield `  ${path} > ${test.fullName}\n${shortened(test.failureMessages.join('\n'))}`;
    if (file.status === 'failed' && failed.length === 0) yield `  ${path}\n${shortened(file.message ?? '')}`;
  }
}

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
  const told = [...failures(counts)];
  if (told.length > 0) console.log(`== failed in ${file.replace(/\.status$/, '')}\n${told.join('\n')}`);
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
