import { FIGURES_VERSION } from '../../contract/link.ts';
import type { metricRoutes } from '../../contract/v1/metrics.ts';
import { expositionText, type Family } from '../../kit/exposition.ts';
import {
  CLUSTER_FIGURES,
  CONTAINER_FIGURES,
  HOST_FIGURES,
  ROUTE_FIGURES,
  SCALING_FIGURES,
  SERVICE_FIGURES,
} from '../../model/figures.ts';
import { say } from '../../model/said/index.ts';
import { routeIds } from '../../model/service-routes.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { findContainer } from '../docker/containers/find.ts';
import type { Points } from '../metrics/figure-ring.ts';
import { clusterFamilies } from '../metrics/manager-families.ts';
import { CLUSTER_MARKS, containerMarks, hostMarks, serviceMarks } from '../metrics/marks.ts';
import { findRoute, TRAFFIC_MS } from '../routing/route-view.ts';
import type { ApiDeps } from './deps.ts';
import { findNode } from './find-node.ts';
import type { Handlers } from './handler.ts';
import { findService } from './service-view.ts';

/** Seconds. */
const WINDOW = 600;
/** Figures are kept to half a per mille. */
const DIGITS = 4;
/** Of the newest of which something is kept; more lines in a chart are not told apart. */
const MOST_RELEASES = 6;

/** @param own what this process and its API tell of themselves */
export function metricHandlers(own: () => readonly Family[]): Handlers<keyof typeof metricRoutes> {
  return {
    'metrics.cluster': ({ deps, query: { window = WINDOW } }) => {
      const points = deps.metrics.ofCluster(window * 1000);
      return { ...charted(deps, CLUSTER_FIGURES, points, CLUSTER_MARKS), silent: '' };
    },

    'metrics.hosts': ({ deps: { store, metrics } }) => ({
      hosts: store.view((tx) =>
        [...tx.all('hosts')].flatMap(({ id }) => {
          const now = metrics.hostNow(id);
          if (now === undefined) return [];
          return [
            {
              host: id,
              cpuMilli: Math.round(known(now.cpuUser + now.cpuSystem) * 1000),
              memory: known(now.memory),
            },
          ];
        }),
      ),
    }),

    'metrics.host': ({ deps, params, query: { window = WINDOW } }) =>
      deps.store.view((tx) => {
        const { id } = findNode(tx, params.node);
        const { cores, memorySize, dockerDiskSize } = deps.metrics.hostNow(id) ?? NO_SIZES;
        return {
          ...charted(deps, HOST_FIGURES, deps.metrics.ofHost(id, window * 1000), hostMarks(id)),
          ...{ cores: known(cores), memorySize: known(memorySize), dockerDiskSize: known(dockerDiskSize) },
          silent: silentHost(tx, deps, id),
        };
      }),

    'metrics.container': ({ deps, params, query: { window = WINDOW } }) =>
      deps.store.view((tx) => {
        const { id, hostId, name, seen } = findContainer(tx, params.container, () => true);
        // What a restored state does not know is told of by the cluster's ID, though it is shown by the engine's.
        const told = seen?.clusterId ?? id;
        const now = deps.metrics.containerNow(told);
        const isRunning = seen?.state.status === 'running';
        const silent =
          silentHost(tx, deps, hostId) ||
          (isRunning ? '' : `${name} does not run`) ||
          (now === undefined
            ? `its host says nothing of ${name}: it has just begun, or cannot be measured`
            : '');
        return {
          ...charted(
            deps,
            CONTAINER_FIGURES,
            deps.metrics.ofContainer(told, window * 1000),
            containerMarks(id),
          ),
          ...{ coreLimit: known(now?.coreLimit), memoryLimit: known(now?.memoryLimit) },
          silent,
        };
      }),

    'metrics.service': ({ deps, params: { stack, service }, query: { window = WINDOW } }) =>
      deps.store.view((tx) => {
        findService(tx, stack, service);
        const points = deps.metrics.ofService(stack, service, window * 1000);
        return { ...charted(deps, SERVICE_FIGURES, points, serviceMarks(stack, service)), silent: '' };
      }),

    'metrics.scaling': ({ deps, params: { stack, service }, query: { window = WINDOW } }) =>
      deps.store.view((tx) => {
        findService(tx, stack, service);
        const points = deps.metrics.ofScaling(stack, service, window * 1000);
        return { ...charted(deps, SCALING_FIGURES, points, serviceMarks(stack, service)), silent: '' };
      }),

    'metrics.route': ({ deps, query: { name, window = WINDOW } }) =>
      deps.store.view((tx) => {
        const { id, service } = findRoute(tx, name);
        const marks = service === undefined ? '' : serviceMarks(service.stack, service.name);
        const points = deps.metrics.ofRoutes([id], undefined, window * 1000);
        return { ...charted(deps, ROUTE_FIGURES, points, marks), silent: silentRouters(deps) };
      }),

    'metrics.releases': ({ deps, params: { stack, service: name }, query: { window = WINDOW } }) =>
      deps.store.view((tx) => {
        const { service } = findService(tx, stack, name);
        const ids = routeIds({ stack, name, service }, settingsOf(tx));
        const read = (release: number | undefined) =>
          charted(
            deps,
            ROUTE_FIGURES,
            deps.metrics.ofRoutes(ids, release, window * 1000),
            serviceMarks(stack, name),
          );
        const releases = deps.metrics
          .releasesOn(ids)
          .slice(0, MOST_RELEASES)
          .map((release) => ({ release, series: read(release).series }))
          .filter(({ series }) => series.requests.some((value) => value !== null && value > 0));
        const { series: _, ...all } = read(undefined);
        return { ...all, releases, silent: silentRouters(deps) };
      }),

    'metrics.scrape': ({ deps, query: { containers = true } }) =>
      expositionText([...deps.store.view((tx) => clusterFamilies(tx, deps, containers)), ...own()]),
  };
}

const NO_SIZES = { cores: 0, memorySize: 0, dockerDiskSize: 0 };

function known(value: number | undefined): number {
  return value !== undefined && value >= 0 ? value : 0;
}

function charted<const N extends string>(
  { marks }: Pick<ApiDeps, 'marks'>,
  names: readonly N[],
  { from, stepMs, columns }: Points,
  subject: string,
) {
  const columnOf = (i: number) =>
    Array.from(columns[i] ?? [], (value) => (value >= 0 ? Number(value.toPrecision(DIGITS)) : null));
  const series = Object.fromEntries(names.map((name, i) => [name, columnOf(i)])) as Record<
    N,
    (number | null)[]
  >;
  return { from, stepMs, series, marks: marks.of(subject, from) };
}

function silentRouters({ access }: ApiDeps): string {
  const missing = access.missing(TRAFFIC_MS);
  return missing.length === 0 ? '' : say('hosts.figures.routers', { names: missing.toSorted().join(', ') });
}

function silentHost(tx: ReadTx, { metrics }: ApiDeps, hostId: string): string {
  if (metrics.isTelling(hostId)) return '';
  const who = say('who.host', { name: tx.get('hosts', hostId)?.name ?? hostId });
  const { state = 'pending', reason: why = '' } = tx.get('hostStatus', hostId) ?? {};
  if (state === 'ready') return say('hosts.figures.old', { who, n: FIGURES_VERSION });
  return state === 'pending' || why === ''
    ? say('hosts.figures.yet', { who })
    : say(`hosts.is.${state}`, { who, why });
}
