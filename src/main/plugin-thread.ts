import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { BerthError } from '../kit/errors.ts';
import type { HostView } from '../scheduler/host-view.ts';
import { type PluginRequest, pluginHost } from '../scheduler/plugin.ts';
import { PLUGIN_WORKER_SOURCE } from './plugin-worker.ts';

/** What the plugin itself may take for one call. */
const CALL_MS = 50;
/** For the thread to start and the module to load; for a call to arrive there (a large cluster has much to copy).
 * Heartbeats wait meanwhile, so it must stay well below `suspectAfterMs`. */
const LOAD_MS = 1500;
const ARRIVE_MS = 1000;

export type LoadedModule = readonly Readonly<{ kind: 'filter' | 'strategy'; name: string }>[];

/**
 * The thread of one plugin module, called synchronously: this thread waits with `Atomics.wait`, as placement happens
 * inside a transaction of the store. A thread that does not answer in time is ended; the next call starts another.
 */
export class PluginThread {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly signal = new Int32Array(new SharedArrayBuffer(4));
  /** Version of each host that the thread has a copy of. */
  private sent = new WeakMap<HostView, number>();
  private sentCount = 0;
  private ended = false;

  /** @throws BerthError with the path where the module cannot be loaded */
  constructor(private readonly path: string) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.worker = new Worker(PLUGIN_WORKER_SOURCE, {
      eval: true,
      workerData: { port: port2, path, signal: this.signal.buffer },
      transferList: [port2],
      // Neither the manager's flags nor its environment, which may hold secrets.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
    });
    // What a plugin throws outside of a call, or running out of memory, ends its thread only.
    this.worker.on('error', () => this.end());
    this.worker.on('exit', () => this.end());
    this.worker.unref();
    this.port.unref();
  }

  /** Waits until the module is loaded. Once, before the first call. */
  load(): LoadedModule {
    return this.answer(2, LOAD_MS, 'did not load') as LoadedModule;
  }

  get alive(): boolean {
    return !this.ended;
  }

  /**
   * Runs a plugin's function over `hosts`.
   * @param plugin its place in the module's list
   * @throws BerthError naming the plugin
   */
  call(plugin: number, name: string, request: PluginRequest, hosts: readonly HostView[]): unknown {
    // Copies of hosts that are gone add up in the thread.
    const forget = this.sentCount > 4 * hosts.length + 10_000;
    if (forget) {
      this.sent = new WeakMap();
      this.sentCount = 0;
    }
    const changed = hosts.filter((host) => this.sent.get(host) !== host.version);
    for (const host of changed) {
      if (!this.sent.has(host)) this.sentCount++;
      this.sent.set(host, host.version);
    }
    Atomics.store(this.signal, 0, 0);
    const hostIds = hosts.map((host) => host.id);
    this.port.postMessage({ plugin, request, hostIds, updates: changed.map(pluginHost), forget });
    this.waitFor(1, ARRIVE_MS, `plugin ${name} (${this.path}) could not be called`);
    return this.answer(2, CALL_MS, `plugin ${name}`);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.port.close();
    void this.worker.terminate();
  }

  private answer(state: number, limit: number, what: string): unknown {
    const subject = what.startsWith('plugin ') ? `${what} (${this.path})` : `plugin ${this.path}`;
    this.waitFor(
      state,
      limit,
      what.startsWith('plugin ') ? `${subject} did not answer` : `${subject} ${what}`,
    );
    const message = receiveMessageOnPort(this.port)?.message as
      | { result?: unknown; error?: string }
      | undefined;
    if (message?.error !== undefined) throw pluginError(`${subject} ${message.error}`);
    return message?.result;
  }

  private waitFor(state: number, limit: number, what: string): void {
    const until = performance.now() + limit;
    for (;;) {
      const now = Atomics.load(this.signal, 0);
      if (now >= state) return;
      const left = until - performance.now();
      if (left <= 0) break;
      Atomics.wait(this.signal, 0, now, left);
    }
    this.end();
    throw pluginError(`${what} within ${limit} ms`);
  }
}

export function pluginError(message: string): BerthError {
  return new BerthError('internal', message, {
    hint: 'mend the plugin, or take it out of the setting plugins',
  });
}
