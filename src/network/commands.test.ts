import { describe, expect, it } from 'vitest';
import { run } from './commands.ts';

describe('run', () => {
  it('returns what the program printed, given its input', async () => {
    expect(await run(['cat'], { input: 'link set a up\n' })).toBe('link set a up\n');
  });

  it('passes arguments without a shell', async () => {
    expect(await run(['echo', '$HOME; *'])).toBe('$HOME; *\n');
  });

  it('names the program and what it said where it fails', async () => {
    await expect(run(['ls', '/nowhere-at-all'])).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/^ls: .*nowhere-at-all/),
    });
    await expect(run(['false'])).rejects.toThrow('false: exit 1');
  });

  it('says that a program is not installed', async () => {
    await expect(run(['no-such-program-here'])).rejects.toMatchObject({
      code: 'unsupported',
      message: 'no-such-program-here is not installed on this host',
    });
  });

  it('ends one that takes too long', async () => {
    await expect(run(['sleep', '30'], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'sleep took over 0.05 s',
    });
  });

  it('takes a program that does not read its input', async () => {
    expect(await run(['true'], { input: 'x'.repeat(1 << 20) })).toBe('');
  });
});
