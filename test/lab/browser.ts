import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ensureRequirements } from './requirements.ts';
import { LabError } from './run.ts';

type Message = Readonly<{
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Readonly<Record<string, unknown>>;
  result?: Readonly<Record<string, unknown>>;
  error?: Readonly<{ message: string }>;
}>;

/** How long anything may take on a machine that does much beside it. */
const PATIENCE_MS = 60_000;
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  ...[
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-extensions',
  ],
];

/**
 * Debian's Chromium with one page, which is told what to do in its DevTools protocol, over a pipe: messages of JSON that
 * end with a zero.
 */
export class Browser {
  private readonly profile = mkdtempSync(join(tmpdir(), 'berth-browser-'));
  private readonly process: ChildProcess;
  private readonly ended: Promise<void>;
  private readonly waiting = new Map<number, (answer: Message) => void>();
  private readonly listeners = new Set<(event: Message) => void>();
  private session: string | undefined;
  private last = 0;
  private rest = '';

  private constructor(hosts: Readonly<Record<string, string>>) {
    const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`);
    const own = [`--user-data-dir=${this.profile}`, `--host-resolver-rules=${rules.join(',')}`];
    this.process = spawn('chromium', [...FLAGS, ...own, '--remote-debugging-pipe', 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => {
      this.process.once('error', () => resolve());
      this.process.once('close', () => resolve());
    });
    this.output.setEncoding('utf8').on('data', (text: string) => this.take(text));
    this.input.on('error', () => undefined); // whoever has asked hears of its end
  }

  /** @param hosts addresses by name: what it looks up elsewhere otherwise. @throws LabError where it does not start */
  static async start(hosts: Readonly<Record<string, string>>): Promise<Browser> {
    await ensureRequirements([['chromium', 'chromium']]);
    const browser = new Browser(hosts);
    try {
      const { targetId } = await browser.ask('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await browser.ask('Target.attachToTarget', { targetId, flatten: true });
      browser.session = String(sessionId);
      await browser.ask('Page.enable');
      return browser;
    } catch (thrown) {
      await browser.close();
      throw thrown;
    }
  }

  /** Opens a page, and waits until it has loaded. @throws LabError where it cannot be reached */
  async open(url: string): Promise<void> {
    await this.loads(async () => {
      const { errorText } = await this.ask('Page.navigate', { url });
      if (errorText !== undefined) throw new LabError(`${url}: ${errorText}`);
    });
  }

  /** Does what leads to another page, and waits until that has loaded. */
  async loads(action: () => Promise<unknown>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      const listener = ({ method }: Message) => {
        if (method !== 'Page.loadEventFired') return;
        this.listeners.delete(listener);
        resolve();
      };
      this.listeners.add(listener);
    });
    await action();
    await this.inTime(loaded, 'a page that has loaded');
  }

  /** The value of an expression on the page. @throws LabError with what it has thrown there */
  async evaluate<R>(expression: string): Promise<R> {
    const answer = await this.ask('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (answer.exceptionDetails !== undefined)
      throw new LabError(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    return (answer.result as { value: R }).value;
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }

  private get input(): Writable {
    return this.process.stdio[3] as Writable;
  }

  private get output(): Readable {
    return this.process.stdio[4] as Readable;
  }

  private async ask(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.last;
    const answered = new Promise<Message>((resolve) => this.waiting.set(id, resolve));
    this.input.write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    const { result, error } = await this.inTime(answered, `an answer to ${method}`);
    if (error !== undefined) throw new LabError(`${method}: ${error.message}`);
    return result ?? {};
  }

  private take(text: string): void {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop() ?? '';
    for (const one of messages) {
      const message = JSON.parse(one) as Message;
      for (const listener of [...this.listeners]) listener(message);
      if (message.id === undefined) continue;
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    }
  }

  private async inTime<R>(wanted: Promise<R>, what: string): Promise<R> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new LabError(`chromium: no sign of ${what} within ${PATIENCE_MS} ms`);
      timer = setTimeout(() => reject(error), PATIENCE_MS);
    });
    const ended = this.ended.then(() => {
      throw new LabError(`chromium has ended with ${this.process.exitCode ?? this.process.signalCode}`);
    });
    try {
      return await Promise.race([wanted, late, ended]);
    } finally {
      clearTimeout(timer);
    }
  }
}
