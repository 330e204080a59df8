import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SentAnswer, SentStack } from '../compose/sent.ts';
import { BerthError } from '../kit/errors.ts';
import { FairQueue } from '../kit/fair-queue.ts';
import { packageRoot } from './package-root.ts';

export type ComposeReply = Readonly<{ answer: SentAnswer } | { failed: string }>;

/** From the first byte to the answer, with the start of the thread. */
const READ_MS = 30_000;
/** It holds some 60 MB, and is not needed where nobody writes compose files. */
const IDLE_MS = 120_000;
/** So many wait, and so many of one user; whoever comes then is told to try again. */
const MOST_WAITING = 64;
const MOST_OF_ONE = 8;

type Limits = Readonly<{ readMs?: number; idleMs?: number }>;

/**
 * Reads compose files in a thread of its own, one stack at a time: whatever they are, the manager goes on meanwhile. A
 * thread that takes too long, or too much memory, is ended, and the next stack gets another one.
 */
export class ComposeThread {
  readonly #inLine = new FairQueue('compose files', MOST_WAITING, MOST_OF_ONE);
  readonly #readMs: number;
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor({ readMs = READ_MS, idleMs = IDLE_MS }: Limits = {}) {
    this.#readMs = readMs;
    this.#idleMs = idleMs;
  }

  /**
   * @param user who has sent them: each has a turn
   * @throws BerthError `timeout`, `too_large`, `too_many_requests`
   */
  read(sent: SentStack, user: string): Promise<SentAnswer> {
    return this.#inLine.run(user, () => this.#ask(sent));
  }

  close(): void {
    clearTimeout(this.#idle);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    const worker = newWorker();
    this.#worker = worker;
    // Also one that nobody is waiting for may end, and an error that nobody hears would end the manager.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  #ask(sent: SentStack): Promise<SentAnswer> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#start();
    return new Promise<SentAnswer>((resolve, reject) => {
      const end = () => {
        clearTimeout(late);
        worker.off('message', onReply).off('error', onError).off('exit', onExit);
      };
      const giveUp = (error: BerthError) => {
        end();
        this.close();
        reject(error);
      };
      const onReply = (reply: ComposeReply) => {
        end();
        this.#idle = setTimeout(() => this.close(), this.#idleMs);
        this.#idle.unref();
        if ('answer' in reply) resolve(reply.answer);
        else reject(new Error(`compose files: ${reply.failed}`));
      };
      const onError = (thrown: Error & { code?: string }) =>
        giveUp(
          thrown.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? new BerthError('too_large', 'the compose files come to more than can be read: use smaller ones')
            : new BerthError('internal', `the thread that reads compose files: ${thrown.message}`),
        );
      const onExit = () =>
        giveUp(new BerthError('internal', 'the thread that reads compose files has ended'));
      const late = setTimeout(
        () =>
          giveUp(
            new BerthError('timeout', `the compose files were not read within ${this.#readMs / 1000} s`, {
              hint: 'make them smaller, or try it again where the manager has less to do',
            }),
          ),
        this.#readMs,
      );
      worker.on('message', onReply).on('error', onError).on('exit', onExit);
      worker.postMessage(sent);
    });
  }
}

/** Neither the manager's flags nor its environment, which may hold secrets. */
function newWorker(): Worker {
  const options = {
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32 },
  };
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(pathToFileURL(join(packageRoot(), 'dist', 'compose-worker.mjs')), options);
  return new Worker(bundled(new URL('./compose-worker.ts', import.meta.url)), { ...options, eval: true });
}

/** Where the source runs as it is: a thread of Node 20 takes no TypeScript, whatever loader this one has. */
function bundled(script: URL): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    ...{ entryPoints: [fileURLToPath(script)], bundle: true, write: false },
    ...{ platform: 'node', format: 'cjs', logLevel: 'silent' },
  });
  return outputFiles[0]?.text ?? '';
}
