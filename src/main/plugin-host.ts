import type { PluginRunner } from '../api/placement/store-placer.ts';
import type { BerthError } from '../kit/errors.ts';
import type { HostView } from '../scheduler/host-view.ts';
import { type LoadedPlugins, NO_PLUGINS, pluginRequest } from '../scheduler/plugin.ts';
import type { PlacementRequest } from '../scheduler/request.ts';
import { type LoadedModule, PluginThread, pluginError } from './plugin-thread.ts';

/** A module that could not be loaded is not tried again for this long: each try may take a second of this thread. */
const RETRY_MS = 10_000;

export type PluginHost = PluginRunner & Readonly<{ close(): void }>;

/**
 * Runs the scheduler's plugins, each module in a thread of its own: one that throws, or takes too long, fails the request
 * that needed it with its name, and nothing else. A module is read when the setting names it first, and again after it
 * was ended; a changed file is taken in by naming it anew or restarting the manager.
 */
export function newPluginHost(): PluginHost {
  let modules = new Map<string, PluginModule>();
  let current: { paths: string; plugins: LoadedPlugins } | undefined;
  return {
    load(paths) {
      if (paths.length === 0 && current === undefined) return NO_PLUGINS;
      const key = JSON.stringify(paths);
      if (current?.paths !== key) {
        current = undefined;
        const kept = new Map(paths.map((path) => [path, modules.get(path) ?? new PluginModule(path)]));
        for (const [path, module] of modules) if (!kept.has(path)) module.close();
        modules = kept;
        current = { paths: key, plugins: loadAll([...kept.values()]) };
      }
      return current.plugins;
    },
    close() {
      for (const module of modules.values()) module.close();
      modules.clear();
      current = undefined;
    },
  };
}

function loadAll(modules: readonly PluginModule[]): LoadedPlugins {
  const loaded = modules.flatMap((module) => module.load().map((plugin, i) => ({ ...plugin, i, module })));
  return {
    filters: loaded
      .filter(({ kind }) => kind === 'filter')
      .map(({ name, i, module }) => ({
        name,
        refusals: (request, hosts) => refusals(name, module.call(i, name, request, hosts), hosts.length),
      })),
    strategies: loaded
      .filter(({ kind }) => kind === 'strategy')
      .map(({ name, i, module }) => ({
        name,
        ranks: (request, hosts) => ranks(name, module.call(i, name, request, hosts), hosts.length),
      })),
  };
}

/** One module, in a thread that is started when it is needed. */
class PluginModule {
  private thread: PluginThread | undefined;
  private failed: { error: BerthError; until: number } | undefined;

  constructor(private readonly path: string) {}

  load(): LoadedModule {
    if (this.failed !== undefined && performance.now() < this.failed.until) throw this.failed.error;
    const thread = new PluginThread(this.path);
    try {
      const loaded = thread.load();
      this.thread = thread;
      this.failed = undefined;
      return loaded;
    } catch (thrown) {
      thread.end();
      this.failed = { error: thrown as BerthError, until: performance.now() + RETRY_MS };
      throw thrown;
    }
  }

  call(plugin: number, name: string, request: PlacementRequest, hosts: readonly HostView[]): unknown {
    if (!this.thread?.alive) this.load();
    return this.thread?.call(plugin, name, pluginRequest(request), hosts);
  }

  close(): void {
    this.thread?.end();
    this.thread = undefined;
  }
}

function refusals(name: string, answer: unknown, n: number): (string | undefined)[] {
  const list = listOf(name, answer, n);
  return list.map((one) => {
    if (one === true) return undefined;
    if (one === false) return 'refused';
    if (typeof one === 'string') return one.replace(/\s+/g, ' ').slice(0, 200) || 'refused';
    throw pluginError(`plugin ${name} answered ${typeof one} for a host: true, false or a reason is wanted`);
  });
}

function ranks(name: string, answer: unknown, n: number): number[] {
  return listOf(name, answer, n).map((one) => {
    if (typeof one === 'number' && Number.isFinite(one)) return one;
    throw pluginError(
      `plugin ${name} answered ${typeof one === 'number' ? String(one) : typeof one} for a host: a number is wanted`,
    );
  });
}

function listOf(name: string, answer: unknown, n: number): readonly unknown[] {
  if (Array.isArray(answer) && answer.length === n) return answer;
  const what = Array.isArray(answer)
    ? `a list of ${answer.length}`
    : answer === null
      ? 'null'
      : typeof answer;
  throw pluginError(`plugin ${name} answered ${what}: a list of ${n} is wanted, one for each host`);
}
