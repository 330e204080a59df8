import { createRequire } from 'node:module';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { SQLITE_THREAD_SOURCE } from './thread-source.ts';

/** For the thread to start and the database to open. Later calls have no limit: a large database takes long to check. */
const START_MS = 30_000;

type Answer = Readonly<{ result?: unknown; error?: Readonly<{ message: string; code: string }> }>;
type Waiter = Readonly<{ resolve(): void; reject(error: Error): void }>;

/** An error of SQLite; `code` as the driver gives it (`SQLITE_FULL`). */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';

  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/**
 * A thread that holds one SQLite connection: what is written to the disk, and waited for, does not keep the caller's
 * event loop. `ask` waits all the same, and is for the start and the end; `write` does not.
 */
export class SqliteThread {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly signal = new Int32Array(new SharedArrayBuffer(4));
  private asked = 0;
  private ended: string | undefined;
  private readonly waiting: Waiter[] = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.worker = new Worker(SQLITE_THREAD_SOURCE, {
      eval: true,
      workerData: {
        port: port2,
        signal: this.signal.buffer,
        // An `eval` worker would look for it from the current folder.
        driver: createRequire(import.meta.url).resolve('better-sqlite3'),
      },
      transferList: [port2],
      execArgv: [],
      env: {},
    });
    this.worker.on('error', (error) => this.end(error.message));
    this.worker.on('exit', () => this.end('it has ended'));
    this.port.on('message', (answer: Answer) => this.settle(answer));
    // Whoever waits for a write is to hear of it; an idle thread keeps no process alive.
    this.worker.unref();
    this.port.unref();
  }

  /** @throws SqliteError */
  ask(...call: readonly unknown[]): unknown {
    this.refuseEnded();
    if (this.waiting.length > 0) throw new Error('a write is on its way: its answer would be taken for this');
    const number = ++this.asked;
    this.port.postMessage(call);
    // The answer to a write is counted a moment after it was sent.
    for (let answered = 0; answered < number; answered = Atomics.load(this.signal, 0)) {
      const waited = Atomics.wait(this.signal, 0, answered, number === 1 ? START_MS : undefined);
      if (waited !== 'timed-out') continue;
      this.end(`it did not start within ${START_MS / 1000} s`);
      this.refuseEnded();
    }
    const answer = receiveMessageOnPort(this.port)?.message as Answer | undefined;
    if (answer?.error !== undefined) throw new SqliteError(answer.error.message, answer.error.code);
    return answer?.result;
  }

  /**
   * All of the rows or none, on disk when it resolves.
   * @param rows table, key and JSON in turns; null deletes
   * @throws SqliteError
   */
  write(rows: readonly (string | null)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.refuseEnded();
      this.asked += 1;
      this.waiting.push({ resolve, reject });
      this.port.ref();
      this.port.postMessage(['write', rows]);
    });
  }

  /** Closes the database and ends the thread. */
  close(): void {
    if (this.ended !== undefined) return;
    try {
      this.ask('close');
    } finally {
      this.end('the database was closed');
    }
  }

  private settle({ error }: Answer): void {
    const waiter = this.waiting.shift();
    if (this.waiting.length === 0) this.port.unref();
    if (error === undefined) waiter?.resolve();
    else waiter?.reject(new SqliteError(error.message, error.code));
  }

  private end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.port.close();
    void this.worker.terminate();
    for (const waiter of this.waiting.splice(0)) waiter.reject(this.endedError(reason));
  }

  private refuseEnded(): void {
    if (this.ended !== undefined) throw this.endedError(this.ended);
  }

  private endedError(reason: string): Error {
    return new Error(`the thread that writes to the disk does not run: ${reason}; restart the manager`);
  }
}
