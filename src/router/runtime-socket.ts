import { connect, type Socket } from 'node:net';
import { BerthError, messageOf } from '../kit/errors.ts';

/** Behind each answer; HAProxy sees to it that no line of an answer begins so (management.txt, section 9.3). */
const PROMPT = Buffer.from('\n> ');
/** Each answer of HAProxy; `show map` with 10,000 routes is below one MiB, `show stat` some ten. */
const MOST_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

type Limits = Readonly<{ timeoutMs?: number; mostBytes?: number }>;

/** A command, and lines behind it of which none is empty. */
export type Asked = Readonly<{ line: string; payload?: string }>;

/**
 * HAProxy's command line on a unix socket (management.txt, section 9.3). One connection stays with one worker: after a reload
 * a new one is needed, and whoever still has the old one talks to a worker that serves nobody new.
 */
export class RuntimeSocket {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private readonly waiting: { resolve(answer: string): void; reject(error: Error): void }[] = [];
  private failed: BerthError | undefined;

  private constructor(
    private readonly socket: Socket,
    readonly path: string,
    private readonly timeoutMs: number,
    private readonly mostBytes: number,
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.fail(messageOf(error)));
    socket.on('close', () => this.fail('HAProxy closed the connection'));
  }

  /** Waits for nothing: that nobody listens shows with the first command, which goes out in one go with the connection. */
  static open(path: string, limits: Limits = {}): RuntimeSocket {
    const { timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES } = limits;
    const opened = new RuntimeSocket(connect(path), path, timeoutMs, mostBytes);
    // Its answer is empty, and ends in a prompt as all others do. What is wrong is said to who asks next.
    opened.ask('prompt').catch(() => undefined);
    return opened;
  }

  /**
   * One command. The answer has no blank lines around it.
   * @param payload lines behind the command; none of them empty
   * @throws BerthError `unavailable` where the connection ends, `timeout`; both with the command's first words
   */
  async ask(command: string, payload?: string): Promise<string> {
    const [answer = ''] = await this.askAll([
      { line: command, ...(payload === undefined ? {} : { payload }) },
    ]);
    return answer;
  }

  /**
   * Commands that do not wait for each other's answers: HAProxy does them in their order, and each turn that it has to wait
   * for on a busy machine is waited for once.
   * @returns the answers in the same order
   * @throws BerthError as `ask`: how many of them were done is not known then
   */
  async askAll(commands: readonly Asked[]): Promise<readonly string[]> {
    const [first] = commands;
    if (first === undefined) return [];
    const text = commands.map(textOf).join('');
    if (this.failed !== undefined) throw this.failed;
    const answers = commands.map(
      () =>
        new Promise<string>((resolve, reject) => {
          this.waiting.push({ resolve, reject });
        }),
    );
    const what = `"${shown(first.line)}"${commands.length > 1 ? ` and ${commands.length - 1} more` : ''}`;
    const timer = setTimeout(
      () => this.fail(`no answer to ${what} within ${this.timeoutMs / 1000} s`, 'timeout'),
      this.timeoutMs,
    );
    this.socket.write(text);
    try {
      return (await Promise.all(answers)).map((answer) => answer.trim());
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes > this.mostBytes) this.fail(`an answer of over ${this.mostBytes} bytes`);
    const end = chunk.length >= PROMPT.length ? chunk : Buffer.concat(this.chunks);
    if (!end.subarray(-PROMPT.length).equals(PROMPT)) return;
    const text = Buffer.concat(this.chunks).subarray(0, -PROMPT.length).toString();
    this.chunks = [];
    this.bytes = 0;
    for (const answer of text.split(String(PROMPT))) {
      // `+ ` is the prompt of each line of a payload.
      this.waiting.shift()?.resolve(answer.replace(/^(?:\+ )+/, ''));
    }
  }

  private fail(why: string, code: 'unavailable' | 'timeout' = 'unavailable'): void {
    this.failed ??= new BerthError(code, `HAProxy at ${this.path}: ${why}`, {
      hint: 'look whether HAProxy runs on this host, and at what it has logged',
    });
    this.socket.destroy();
    for (const { reject } of this.waiting.splice(0)) reject(this.failed);
  }
}

/** @throws BerthError `internal` for what HAProxy would take for more than one command */
function textOf({ line, payload }: Asked): string {
  if (/[\n;]/.test(line) || (payload !== undefined && /\n\n|^\n/.test(payload)))
    throw new BerthError('internal', `not one command of HAProxy: ${shown(line)}`);
  return payload === undefined ? `${line}\n` : `${line} <<\n${payload.trimEnd()}\n\n`;
}

/** Without what may be secret: keys are in payloads, and behind the third word. */
const shown = (command: string) => command.split(/\s+/, 3).join(' ');

/**
 * One command on a connection of its own, until HAProxy closes it: for the master, which has another prompt.
 * @throws BerthError `unavailable` where nobody listens, `timeout`
 */
export function askOnce(path: string, command: string, timeoutMs = TIMEOUT_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(path);
    const fail = (code: 'unavailable' | 'timeout', why: string) => {
      socket.destroy();
      reject(new BerthError(code, `HAProxy's master at ${path}: ${why}`));
    };
    const timer = setTimeout(
      () => fail('timeout', `no answer to "${shown(command)}" within ${timeoutMs / 1000} s`),
      timeoutMs,
    );
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A master that starts itself anew breaks the connection off: it has read the command.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') fail('unavailable', messageOf(error));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString().trim());
    });
    socket.end(`${command}\n`);
  });
}
