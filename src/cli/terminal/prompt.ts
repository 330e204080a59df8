import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { BerthError } from '../../kit/errors.ts';

type PromptOptions = Readonly<{
  stdin: Readable;
  stderr: Writable;
  isTTY: boolean;
  /** Ends a question; Ctrl-C where the terminal turns it into a signal. */
  interrupt: AbortSignal;
}>;

/** A terminal in raw mode hands over every key, and shows none. */
type RawInput = Readable & { setRawMode?(on: boolean): unknown };

const MAX_INPUT = 65_536;

/** The user pressed Ctrl-C at a question. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Questions to a person, on standard error, so that they do not end up in a pipe. */
export class Prompter {
  readonly #options: PromptOptions;
  readonly #decoder = new StringDecoder('utf8');
  /** What was typed ahead of the next question. */
  #ahead = '';

  constructor(options: PromptOptions) {
    this.#options = options;
  }

  /** Whether there is somebody to ask. */
  get interactive(): boolean {
    return this.#options.isTTY;
  }

  /**
   * Goes on only if the user says yes.
   * @throws BerthError `bad_request` where nobody can be asked, `conflict` where the answer is no.
   */
  async confirm(question: string, yes: boolean | undefined): Promise<void> {
    if (yes) return;
    if (!this.interactive) {
      throw new BerthError(
        'bad_request',
        `${question} This needs a yes, and standard input is not a terminal`,
        {
          hint: 'add --yes if that is what you want',
        },
      );
    }
    const answer = await this.#ask(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) {
      throw new BerthError('conflict', 'not confirmed: nothing was changed');
    }
  }

  /** @param instead how to give the answer without a terminal. */
  async line(question: string, instead: string): Promise<string> {
    this.#needTerminal(question, instead);
    return (await this.#ask(question)).trim();
  }

  /** As `line`; what is typed is not shown. */
  async secret(question: string, instead: string): Promise<string> {
    this.#needTerminal(question, instead);
    const { stdin, stderr } = this.#options;
    const raw = stdin as RawInput;
    stderr.write(question);
    raw.setRawMode?.(true);
    try {
      return await this.#readLine(raw.setRawMode !== undefined);
    } finally {
      raw.setRawMode?.(false);
      stderr.write('\n');
    }
  }

  /** Everything on standard input, without the last line break: a secret that is piped in. */
  async piped(): Promise<string> {
    if (this.interactive) {
      throw new BerthError('bad_request', 'standard input is a terminal, and a secret was to be piped in', {
        hint: 'pipe it in (… --password-stdin < FILE), or leave the flag out to be asked',
      });
    }
    let text = '';
    for await (const chunk of this.#options.stdin) {
      text += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk as Buffer);
      if (text.length > MAX_INPUT) {
        throw new BerthError('bad_request', `standard input holds more than ${MAX_INPUT} characters`);
      }
    }
    return text.replace(/\r?\n$/, '');
  }

  /**
   * Everything on standard input, as it is.
   * @throws BerthError `too_large` over `most` bytes
   */
  async pipedBytes(most: number): Promise<Buffer> {
    if (this.interactive)
      throw new BerthError('bad_request', 'standard input is a terminal, and a file was to be piped in', {
        hint: 'pipe it in (… - < FILE), or name the file',
      });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.#options.stdin) {
      const bytes = Buffer.from(chunk as Buffer | string);
      length += bytes.length;
      if (length > most)
        throw new BerthError('too_large', `standard input holds more than ${most} bytes, which is the most`);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  }

  #needTerminal(question: string, instead: string): void {
    if (this.interactive) return;
    throw new BerthError(
      'bad_request',
      `cannot ask for "${question.replace(/[:?]?\s*$/, '')}": standard input is not a terminal`,
      { hint: instead },
    );
  }

  #ask(question: string): Promise<string> {
    this.#options.stderr.write(question);
    return this.#readLine(false);
  }

  /** @param keys true where the terminal does not edit the line itself (raw mode). */
  #readLine(keys: boolean): Promise<string> {
    const { stdin, interrupt } = this.#options;
    return new Promise((resolve, reject) => {
      let line = '';
      const finish = (act: () => void) => {
        stdin.off('data', onData);
        stdin.off('end', onEnd);
        stdin.off('error', onError);
        interrupt.removeEventListener('abort', onInterrupt);
        stdin.pause();
        act();
      };
      const take = (text: string): void => {
        for (let at = 0; at < text.length; at += 1) {
          const key = text[at] ?? '';
          if (key === '\n' || key === '\r') {
            const rest = text.slice(at + 1);
            this.#ahead = key === '\r' && rest.startsWith('\n') ? rest.slice(1) : rest;
            finish(() => resolve(line));
            return;
          }
          if (!keys) line += key;
          else if (key === '\x03') {
            finish(() => reject(new Interrupted()));
            return;
          } else if (key === '\x04') {
            finish(() => resolve(line));
            return;
          } else if (key === '\x7f' || key === '\b') line = [...line].slice(0, -1).join('');
          else if (key === '\x15') line = '';
          else line += key;
        }
        if (line.length > MAX_INPUT) {
          finish(() => reject(new BerthError('bad_request', `a line of over ${MAX_INPUT} characters`)));
        }
      };
      const onData = (chunk: Buffer | string) =>
        take(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk));
      // The end of input without a line break is an answer as well; an empty one counts as "no".
      const onEnd = () => finish(() => resolve(line));
      const onInterrupt = () => finish(() => reject(new Interrupted()));
      const onError = (error: Error) => finish(() => reject(error));
      const ahead = this.#ahead;
      this.#ahead = '';
      stdin.on('data', onData);
      stdin.on('end', onEnd);
      stdin.on('error', onError);
      interrupt.addEventListener('abort', onInterrupt, { once: true });
      take(ahead);
      if (interrupt.aborted) onInterrupt();
      else if (stdin.readableEnded) onEnd();
      else if (stdin.listenerCount('data') > 0) stdin.resume();
    });
  }
}
