import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { tarOf } from './tar.ts';

it('makes an archive that tar reads, with the modes of its files', () => {
  const input = tarOf(
    [
      { path: 'b/ca.pem', text: 'a\n', mode: 0o600 },
      { path: 'b/long.txt', text: 'ä'.repeat(600), mode: 0o644 },
      { path: 'b/empty', text: '', mode: 0o600 },
    ],
    1_700_000_000,
  );
  const tar = (...args: string[]) => execFileSync('tar', args, { input, encoding: 'utf8' });
  expect(tar('tvf', '-').split('\n')).toMatchObject([
    expect.stringMatching(/^-rw------- .* 2 .* b\/ca\.pem$/),
    expect.stringMatching(/^-rw-r--r-- .* 1200 .* b\/long\.txt$/),
    expect.stringMatching(/^-rw------- .* 0 .* b\/empty$/),
    '',
  ]);
  expect(tar('xOf', '-', 'b/ca.pem')).toBe('a\n');
  expect(tar('xOf', '-', 'b/long.txt')).toBe('ä'.repeat(600));
});
