import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { pipePrograms } from './run-program.ts';

const options = { env: process.env, cwd: tmpdir(), missing: '' };
const shell = (script: string) => ['sh', '-c', script];
/** More than a pipe holds; it is told where nobody reads it. */
const ENDLESS = shell('yes || { echo "write /dev/stdout: broken pipe" >&2; exit 1; }');

it('tells of the program that has failed, and not of the one that it took with it', async () => {
  const full = shell('head -c 10 >/dev/null; echo "no space left on device" >&2; exit 4');
  expect(await pipePrograms(ENDLESS, full, options)).toEqual({
    code: 4,
    output: 'no space left on device\n',
  });
  const broken = shell('echo half; echo "no such image" >&2; exit 3');
  const reads = shell('cat >/dev/null; echo "unexpected end" >&2; exit 5');
  expect(await pipePrograms(broken, reads, options)).toEqual({ code: 3, output: 'no such image\n' });
});

it('takes what the second program says for the answer, also where it does not read all', async () => {
  expect(await pipePrograms(shell('echo layers'), shell('cat'), options)).toEqual({
    ...{ code: 0, output: 'layers\n' },
  });
  expect(await pipePrograms(ENDLESS, shell('head -c 10 >/dev/null'), options)).toMatchObject({ code: 1 });
});
