import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Progress } from './progress.ts';
import { newStyle } from './style.ts';

function progress(isTTY: boolean, delayMs = 5) {
  const stderr = new PassThrough({ encoding: 'utf8' });
  return {
    progress: new Progress({ stderr, isTTY, width: 20, style: newStyle(false), delayMs }),
    said: () => (stderr.read() as string | null) ?? '',
  };
}

describe('Progress', () => {
  it('says nothing of what is quick', async () => {
    const { progress: bar, said } = progress(true, 60_000);
    expect(await bar.during('waiting', async () => 7)).toBe(7);
    expect(said()).toBe('');
  });

  it('shows a spinner on a terminal, and clears it', async () => {
    const { progress: bar, said } = progress(true);
    await bar.during('waiting for the manager', () => sleep(30));
    const text = said();
    expect(text).toContain('⠋ waiting for the …');
    expect(text.endsWith('\r\x1b[K')).toBe(true);
  });

  it('prints one plain line otherwise', async () => {
    const { progress: bar, said } = progress(false);
    await bar.during('waiting', () => sleep(150));
    expect(said()).toBe('waiting\n');
  });

  it('clears up after what fails as well', async () => {
    const { progress: bar, said } = progress(true);
    const failing = bar.during('waiting', async () => {
      await sleep(30);
      throw new Error('x');
    });
    await expect(failing).rejects.toThrow('x');
    expect(said().endsWith('\r\x1b[K')).toBe(true);
  });

  it('keeps a line of each step that is done, and obeys no control character', () => {
    const { progress: bar, said } = progress(true);
    bar.step('installing');
    bar.step('start\x1b[2J');
    bar.end(true);
    expect(said().replaceAll('\r\x1b[K', '|')).toBe(
      '|⠋ installing|✓ installing\n|⠙ start\\x1b[2J|✓ start\\x1b[2J\n',
    );
  });

  it('prints each step where there is no terminal', () => {
    const { progress: bar, said } = progress(false);
    bar.step('one');
    bar.step('two');
    bar.end(true);
    expect(said()).toBe('one\ntwo\n');
  });
});
