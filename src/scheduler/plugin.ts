import type { HostView } from './host-view.ts';
import type { PlacementRequest } from './request.ts';

/**
 * What an ES module named in the cluster's settings (`plugins`) exports: `export default` one of these, or a list of
 * them. `examples/scheduler-plugin/` has one of each. The module runs in a worker thread of its own, is called with plain
 * data, must answer synchronously, and has 50 ms for each call: one that throws, takes longer, or answers with something
 * else makes that one request fail with its name.
 */
export type SchedulerPlugin = FilterPlugin | StrategyPlugin;

export type FilterPlugin = Readonly<{
  kind: 'filter';
  name: string;
  /**
   * @param hosts those that passed all built-in filters
   * @returns one entry for each host, in the same order: true where it will do, else false or why not in a few words
   */
  filter(request: PluginRequest, hosts: readonly PluginHost[]): readonly (boolean | string)[];
}>;

export type StrategyPlugin = Readonly<{
  kind: 'strategy';
  /** What `settings.strategy`, or the label `berth.strategy`, names. */
  name: string;
  /** @returns one number for each host, in the same order: the lowest is taken */
  rank(request: PluginRequest, hosts: readonly PluginHost[]): readonly number[];
}>;

export type PluginRequest = Readonly<{
  name: string;
  image: string;
  labels: Readonly<Record<string, string>>;
  service: string | undefined;
  /** Thousandths of a core, and bytes, that are to be set aside; 0 for none. */
  cpuMilli: number;
  memory: number;
  ports: readonly Readonly<{ protocol: string; ip: string; from: number; to: number }>[];
}>;

export type PluginHost = Readonly<{
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  os: string;
  architecture: string;
  cpuMilli: Readonly<{ used: number; capacity: number }>;
  memory: Readonly<{ used: number; capacity: number }>;
  containers: readonly Readonly<{
    id: string;
    name: string;
    image: string;
    labels: Readonly<Record<string, string>>;
  }>[];
}>;

/** Plugins as the scheduler calls them; `src/main/plugin-host.ts` runs them. */
export type LoadedPlugins = Readonly<{
  filters: readonly ExternalFilter[];
  strategies: readonly ExternalStrategy[];
}>;

/** @throws BerthError with the plugin's name, from each of these */
export interface ExternalFilter {
  readonly name: string;
  /** Why each host is refused; undefined for those that pass. */
  refusals(request: PlacementRequest, hosts: readonly HostView[]): readonly (string | undefined)[];
}

export interface ExternalStrategy {
  readonly name: string;
  ranks(request: PlacementRequest, hosts: readonly HostView[]): readonly number[];
}

export const NO_PLUGINS: LoadedPlugins = Object.freeze({ filters: [], strategies: [] });

export function pluginRequest(request: PlacementRequest): PluginRequest {
  const { name, image, labels, service, resources, ports } = request;
  return { name, image, labels, service, cpuMilli: resources.cpuMilli, memory: resources.memory, ports };
}

export function pluginHost(host: HostView): PluginHost {
  return {
    id: host.id,
    name: host.name,
    labels: Object.fromEntries(host.labels),
    os: host.os,
    architecture: host.architecture,
    cpuMilli: { used: host.cpuUsed, capacity: host.cpuCapacity },
    memory: { used: host.memoryUsed, capacity: host.memoryCapacity },
    containers: [...host.containers.values()].map(({ id, name, image, labels }) => ({
      id,
      name,
      image,
      labels,
    })),
  };
}
