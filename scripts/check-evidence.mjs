import { existsSync, readFileSync } from 'node:fs';

const PAGE = 'docs/design/evidence.md';
const FILE_OR_NAME = /`([\w./-]+\.ts)`|"([^"]+)"/g;

/** What the page of evidence names and nobody has: a file, or a text that its file does not contain. */
export function unfounded(page = readFileSync(PAGE, 'utf8')) {
  const problems = [];
  let names = 0;
  for (const row of page.split('\n').filter((line) => line.startsWith('|'))) {
    let file;
    for (const [, path, name] of row.matchAll(FILE_OR_NAME)) {
      if (path !== undefined) {
        file = [`test/${path}`, path].find((one) => existsSync(one));
        if (file === undefined) problems.push(`${PAGE}: there is no ${path}`);
      } else if (file !== undefined) {
        names++;
        if (!readFileSync(file, 'utf8').includes(name)) problems.push(`${PAGE}: ${file} has no "${name}"`);
      }
    }
  }
  if (names === 0) problems.push(`${PAGE} names no test`);
  return { problems, names };
}
