import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Interrupted, Prompter } from './prompt.ts';

class Terminal extends PassThrough {
  readonly modes: boolean[] = [];
  setRawMode(on: boolean): void {
    this.modes.push(on);
  }
}

function prompter(isTTY = true) {
  const stdin = new Terminal();
  const stderr = new PassThrough({ encoding: 'utf8' });
  const stop = new AbortController();
  return { stdin, stderr, stop, prompt: new Prompter({ stdin, stderr, isTTY, interrupt: stop.signal }) };
}

describe('confirm', () => {
  it.each(['y\n', 'Yes\n', 'y'])('goes on after %j', async (answer) => {
    const { stdin, stderr, prompt } = prompter();
    stdin.end(answer);
    await expect(prompt.confirm('Remove it?', false)).resolves.toBeUndefined();
    expect(stderr.read()).toBe('Remove it? [y/N] ');
  });

  it.each(['\n', 'no\n', 'yesterday\n', ''])('stops after %j', async (answer) => {
    const { stdin, prompt } = prompter();
    stdin.end(answer);
    await expect(prompt.confirm('Remove it?', false)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('asks nobody with --yes, and refuses where nobody can be asked', async () => {
    const { stderr, prompt } = prompter(false);
    await prompt.confirm('Remove it?', true);
    await expect(prompt.confirm('Remove it?', false)).rejects.toMatchObject({
      code: 'bad_request',
      hint: expect.stringContaining('--yes'),
    });
    expect(stderr.read()).toBeNull();
  });

  it('ends with Ctrl-C', async () => {
    const { stop, prompt } = prompter();
    const asking = prompt.confirm('Remove it?', false);
    stop.abort();
    await expect(asking).rejects.toBeInstanceOf(Interrupted);
    await expect(prompt.line('User: ', '')).rejects.toBeInstanceOf(Interrupted);
  });

  it('keeps what was typed ahead for the next question', async () => {
    const { stdin, prompt } = prompter();
    stdin.end('y\nada\n');
    await prompt.confirm('Sure?', false);
    expect(await prompt.line('User: ', '')).toBe('ada');
  });
});

describe('secret', () => {
  it('is read with the terminal showing nothing, and the terminal is given back', async () => {
    const { stdin, stderr, prompt } = prompter();
    stdin.write('pä\x7fassé\r');
    expect(await prompt.secret('Password: ', '')).toBe('passé');
    expect(stdin.modes).toEqual([true, false]);
    expect(stderr.read()).toBe('Password: \n');
  });

  it('takes the whole line back with Ctrl-U', async () => {
    const { stdin, prompt } = prompter();
    stdin.write('wrong\x15right\n');
    expect(await prompt.secret('Password: ', '')).toBe('right');
  });

  it('ends with Ctrl-C, and gives the terminal back', async () => {
    const { stdin, prompt } = prompter();
    stdin.write('abc\x03');
    await expect(prompt.secret('Password: ', '')).rejects.toBeInstanceOf(Interrupted);
    expect(stdin.modes).toEqual([true, false]);
  });

  it('is not asked for without a terminal', async () => {
    const { prompt } = prompter(false);
    await expect(prompt.secret('Password: ', 'pipe it in')).rejects.toMatchObject({
      message: 'cannot ask for "Password": standard input is not a terminal',
      hint: 'pipe it in',
    });
  });
});

describe('piped', () => {
  it('is everything but the last line break', async () => {
    const { stdin, prompt } = prompter(false);
    stdin.write(Buffer.from('p\u00e4').subarray(0, 2));
    stdin.end(Buffer.concat([Buffer.from('p\u00e4').subarray(2), Buffer.from(' \n')]));
    expect(await prompt.piped()).toBe('pä ');
  });

  it('refuses a flood, and a terminal', async () => {
    const { stdin, prompt } = prompter(false);
    stdin.end('x'.repeat(70_000));
    await expect(prompt.piped()).rejects.toThrow('more than 65536');
    await expect(prompter(true).prompt.piped()).rejects.toThrow('is a terminal');
  });
});
