import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LabError, until } from './run.ts';

/** A command that runs until it is ended, and the lines that it prints. */
export class Watch {
  readonly lines: string[] = [];
  /** What it has said on stderr. */
  protected said = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<void>;

  constructor(argv: readonly string[]) {
    const [file = '', ...args] = argv;
    // A group of its own: `nsenter` into another PID namespace waits for a child, which is to hear the signal as well.
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.closed = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.said += error.message;
        resolve();
      });
      this.child.once('close', () => resolve());
    });
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        // tcpdump prints an empty one where it is interrupted
        if (line !== '') this.lines.push(line);
      });
    this.child.stderr?.on('data', (bytes) => {
      this.said += bytes;
    });
  }

  /** Interrupts it, and returns all lines of it; one that has ended is no error. */
  async end(): Promise<readonly string[]> {
    const { pid, exitCode, signalCode } = this.child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGINT');
    await this.closed;
    return this.lines;
  }

  protected get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** Packets that tcpdump sees from now on. */
export class Capture extends Watch {
  /**
   * @param inside argv before tcpdump's, that runs it where it is to look
   * @param args its device and filter
   * @throws LabError with what it says where it does not listen
   */
  static async start(inside: readonly string[], args: readonly string[]): Promise<Capture> {
    const capture = new Capture([...inside, 'tcpdump', '-l', '-n', '-e', '--immediate-mode', ...args]);
    const listens = async () => {
      if (capture.ended) throw new LabError(`tcpdump ended: ${capture.said.trim()}`);
      return capture.said.includes('listening on') || undefined;
    };
    await until('tcpdump to listen', listens, { timeoutMs: 60_000, everyMs: 20 });
    return capture;
  }

  /** How many packets the filter has let through, those included that were not printed before the end. */
  get received(): number {
    const [, count] = /(\d+) packets? received by filter/.exec(this.said) ?? [];
    if (count === undefined) throw new LabError(`tcpdump has not ended: ${this.said.trim()}`);
    return Number(count);
  }
}
