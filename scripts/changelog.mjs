// Collects changes/*.md into CHANGELOG.md under a version: npm run changelog -- 0.2.0
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [version] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version ?? '')) {
  console.error(`changelog: "${version ?? ''}" is not a version -> npm run changelog -- 1.2.3`);
  process.exit(2);
}
const files = readdirSync('changes')
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort();
if (files.length === 0) {
  console.error('changelog: there is nothing in changes/ -> add a file per visible change first');
  process.exit(1);
}
const lines = files.map(
  (name) => `- ${readFileSync(join('changes', name), 'utf8').trim().replaceAll('\n', '\n  ')}`,
);
const head = '# Changes\n';
const before = existsSync('CHANGELOG.md') ? readFileSync('CHANGELOG.md', 'utf8').replace(head, '') : '';
writeFileSync('CHANGELOG.md', `${head}\n## ${version}\n\n${lines.join('\n')}\n${before}`);
for (const name of files) rmSync(join('changes', name));
console.log(`CHANGELOG.md: ${files.length} changes under ${version}`);
