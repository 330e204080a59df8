import { containerFamilies, hostFamilies, type Labelled } from '../../contract/figure-families.ts';
import type { Family, Sample } from '../../kit/exposition.ts';
import { one } from '../../kit/process-figures.ts';
import type { ReadTx } from '../../store/store.ts';
import { routeViews } from '../routing/route-view.ts';
import type { ApiDeps } from '../v1/deps.ts';
import { clusterStatus } from '../v1/status.ts';
import type { ContainerRow, HostRow, MetricBook } from './metric-book.ts';

/** Of an ID, as docker shows it. */
const SHORT = 12;
const MS = 1000;

/** What the manager tells Prometheus of the cluster. */
export function clusterFamilies(tx: ReadTx, deps: ApiDeps, withContainers: boolean): readonly Family[] {
  const { hosts, containers } = clusterStatus(tx, deps);
  return [
    gauge('berth_build_info', 'Version of the manager', [{ labels: { version: deps.version }, value: 1 }]),
    gauge('berth_hosts', 'Hosts by state', byState(hosts.byState)),
    gauge('berth_host_up', 'Whether the host is ready', upHosts(tx)),
    gauge('berth_containers', 'Containers of the cluster by state', byState(containers.byState)),
    one('berth_containers_unmanaged', 'Containers made past the cluster', 'gauge', containers.unmanaged),
    ...serviceFamilies(tx),
    ...routeFamilies(tx, deps),
    gauge(
      'berth_certificate_expiry_timestamp_seconds',
      'When the certificate that routers show ends',
      [...tx.all('certificates')].map(({ name, notAfter }) => ({ labels: { name }, value: notAfter / MS })),
    ),
    one('berth_store_commits_total', 'Durable commits of the database', 'counter', deps.store.revision),
    one('berth_metrics_bytes', 'Memory for the figures of the last hours', 'gauge', deps.metrics.size),
    ...hostFamilies(hostRows(tx, deps.metrics)),
    ...(withContainers ? containerFamilies(containerRows(tx, deps.metrics)) : []),
  ];
}

function gauge(name: string, help: string, samples: Iterable<Sample>): Family {
  return { name, help, type: 'gauge', samples };
}

function byState(counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
}

function upHosts(tx: ReadTx): readonly Sample[] {
  return [...tx.all('hosts')].map(({ id, name }) => ({
    labels: { host: name },
    value: tx.get('hostStatus', id)?.state === 'ready' ? 1 : 0,
  }));
}

function serviceFamilies(tx: ReadTx): readonly Family[] {
  const all = [...tx.all('serviceStatus')];
  const samples = (value: (status: (typeof all)[number]) => number) =>
    all.map((status) => ({ labels: { stack: status.stack, service: status.name }, value: value(status) }));
  return [
    gauge(
      'berth_service_wanted',
      'Containers that the service is to have',
      samples(({ wanted }) => wanted),
    ),
    gauge(
      'berth_service_ready',
      'Containers of the service that do their work',
      samples(({ ready }) => ready),
    ),
  ];
}

/** Of the last minute, over all routers. */
function routeFamilies(tx: ReadTx, { access }: ApiDeps): readonly Family[] {
  const views = routeViews(tx, access).map(({ name, service = '', balancer = '', traffic }) => ({
    labels: { route: name, service, balancer },
    traffic,
  }));
  const seconds = (ms: number | null) => (ms === null ? Number.NaN : ms / MS);
  return [
    gauge(
      'berth_route_requests_per_second',
      'Requests that came for the route in the last minute',
      views.map(({ labels, traffic }) => ({ labels, value: traffic.requestsPerSecond })),
    ),
    gauge(
      'berth_route_error_ratio',
      'Share of them that ended with a server’s error, 0 to 1',
      views.map(({ labels, traffic }) => ({ labels, value: traffic.errorRate })),
    ),
    gauge(
      'berth_route_response_seconds',
      'Time until their responses began',
      views.flatMap(({ labels, traffic: { p50, p95, p99 } }) => [
        { labels: { ...labels, share: '0.5' }, value: seconds(p50) },
        { labels: { ...labels, share: '0.95' }, value: seconds(p95) },
        { labels: { ...labels, share: '0.99' }, value: seconds(p99) },
      ]),
    ),
  ];
}

function hostRows(tx: ReadTx, metrics: MetricBook): readonly Labelled<HostRow>[] {
  return [...tx.all('hosts')].flatMap(({ id, name }) => {
    const row = metrics.hostNow(id);
    return row === undefined ? [] : [{ labels: { host: name }, row }];
  });
}

function containerRows(tx: ReadTx, metrics: MetricBook): readonly Labelled<ContainerRow>[] {
  return [...tx.all('hosts')].flatMap(({ id: hostId, name: host }) =>
    [...metrics.containersNow(hostId)].map(({ id, row }) => {
      const record = tx.get('containers', id);
      const name = record?.name ?? tx.get('observedContainers', `${hostId}/${id}`)?.name ?? '';
      const { stack = '', name: service = '' } = record?.service ?? {};
      return { labels: { host, container: name, id: id.slice(0, SHORT), stack, service }, row };
    }),
  );
}
