import { connect, type Socket } from 'node:net';
import { BerthError, messageOf } from '../kit/errors.ts';

/** Behind each answer; HAProxy sees to it that no line of an answer begins so (management.txt, section 9.3). */
const PROMPT = Buffer.from('\n> ');
/** Each answer of HAProxy; `show map` with 10,000 routes is below one MiB, `show stat` some ten. */
const MOST_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

type Limits = Readonly<{ timeoutMs?: number; mostBytes?: number }>;

/**
 * HAProxy's command line on a unix socket (management.txt, section 9.3). One connection stays with one worker: after a reload
 * a new one is needed, and whoever still has the old one talks to a worker that serves nobody new.
 */
export class RuntimeSocket {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;
  private failed: BerthError | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly path: string,
    private readonly timeoutMs: number,
    private readonly mostBytes: number,
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.fail(messageOf(error)));
    socket.on('close', () => this.fail('HAProxy closed the connection'));
  }

  /** @throws BerthError `unavailable` where nobody listens, `timeout` */
  static async open(path: string, limits: Limits = {}): Promise<RuntimeSocket> {
    const { timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES } = limits;
    const opened = new RuntimeSocket(connect(path), path, timeoutMs, mostBytes);
    // Its first answer is empty, and ends in a prompt as all others do.
    await opened.ask('prompt');
    return opened;
  }

  /**
   * One command at a time. The answer has no blank lines around it.
   * @param payload lines behind the command; none of them empty
   * @throws BerthError `unavailable` where the connection ends, `timeout`; both with the command's first words
   */
  async ask(command: string, payload?: string): Promise<string> {
    if (/[\n;]/.test(command) || (payload !== undefined && /\n\n|^\n/.test(payload)))
      throw new BerthError('internal', `not one command of HAProxy: ${shown(command)}`);
    if (this.failed !== undefined) throw this.failed;
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    const timer = setTimeout(
      () => this.fail(`no answer to "${shown(command)}" within ${this.timeoutMs / 1000} s`, 'timeout'),
      this.timeoutMs,
    );
    this.socket.write(payload === undefined ? `${command}\n` : `${command} <<\n${payload.trimEnd()}\n\n`);
    try {
      return (await answer).trim();
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
    const answer = Buffer.concat(this.chunks).subarray(0, -PROMPT.length).toString();
    const { waiting } = this;
    this.chunks = [];
    this.bytes = 0;
    this.waiting = undefined;
    // `+ ` is the prompt of each line of a payload.
    waiting?.resolve(answer.replace(/^(?:\+ )+/, ''));
  }

  private fail(why: string, code: 'unavailable' | 'timeout' = 'unavailable'): void {
    this.failed ??= new BerthError(code, `HAProxy at ${this.path}: ${why}`, {
      hint: 'look whether HAProxy runs on this host, and at what it has logged',
    });
    this.socket.destroy();
    this.waiting?.reject(this.failed);
    this.waiting = undefined;
  }
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
