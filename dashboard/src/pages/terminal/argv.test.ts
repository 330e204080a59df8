import { expect, it } from 'vitest';
import { argvOf } from './argv.ts';

it.each([
  ['', []],
  ['  ps   aux ', ['ps', 'aux']],
  [`sh -c 'echo "a  b"; exit'`, ['sh', '-c', 'echo "a  b"; exit']],
  ['psql -c "select \\"x\\" \\n"', ['psql', '-c', 'select "x" \\n']],
  ["a\\ b''c", ['a bc']],
  ["env ''", ['env', '']],
  ['echo $HOME; rm *', ['echo', '$HOME;', 'rm', '*']],
])('cuts %j', (text, words) => {
  expect(argvOf(text)).toEqual(words);
});

it('refuses a quote that does not end', () => {
  expect(() => argvOf("echo 'a")).toThrow("'");
  expect(() => argvOf('echo "a\\"')).toThrow('"');
});
