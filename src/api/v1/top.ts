import { MOST_ROWS, type TopContainer, type TopHost, type topRoutes } from '../../contract/v1/top.ts';
import { CONTAINER_ROW, type Figures, figuresOf, HOST_ROW } from '../../model/figures.ts';
import type { ReadTx } from '../../store/store.ts';
import { busyCores, type MetricBook } from '../metrics/metric-book.ts';
import { findNode } from './find-node.ts';
import type { Handlers } from './handler.ts';
import { findService, findStack } from './service-view.ts';

type Row = ArrayLike<number>;
/** What is put first has most of it. */
type Weigh = (row: Row) => number;

/** What is not known of one of them is left out; of one alone it stays not known. */
function figureOf(...names: readonly (typeof CONTAINER_ROW)[number][]): Weigh {
  const places = names.map((name) => CONTAINER_ROW.indexOf(name));
  return (row) => places.map((i) => row[i] as number).reduce(sumOf);
}

function sumOf(a: number, b: number): number {
  return (Number.isNaN(a) ? 0 : a) + (Number.isNaN(b) ? 0 : b);
}

const OF_CONTAINERS = {
  cpu: figureOf('cpu'),
  memory: figureOf('memory'),
  network: figureOf('networkIn', 'networkOut'),
  disk: figureOf('diskRead', 'diskWrite'),
  pids: figureOf('pids'),
} as const satisfies Record<string, Weigh>;

type HostFigures = Figures<(typeof HOST_ROW)[number]>;

const OF_HOSTS = {
  cpu: busyCores,
  memory: ({ memory }) => memory,
  network: ({ networkIn, networkOut }) => sumOf(networkIn, networkOut),
  disk: ({ diskRead, diskWrite }) => sumOf(diskRead, diskWrite),
  load: ({ load }) => load,
} as const satisfies Record<string, (figures: HostFigures) => number>;

/** Figures are measured no finer. */
const DIGITS = 4;

/** Who uses how much now. */
export const topHandlers: Handlers<keyof typeof topRoutes> = {
  'top.containers': ({ deps: { store, metrics }, query }) =>
    store.view((tx) => {
      const { order = 'cpu', limit = MOST_ROWS, ids, node, stack, service } = query;
      const hosts = node === undefined ? [...tx.all('hosts')] : [findNode(tx, node)];
      if (stack !== undefined) findStack(tx, stack);
      if (stack !== undefined && service !== undefined) findService(tx, stack, service);
      const nameOfHost = new Map(hosts.map(({ id, name }) => [id, name]));
      const measured = ids === undefined ? rowsOf(metrics, nameOfHost.keys()) : rowsWith(metrics, ids);
      const found = measured.flatMap(({ id, hostId, row }) => {
        const host = nameOfHost.get(hostId);
        if (host === undefined) return [];
        const record = stack === undefined ? undefined : tx.get('containers', id)?.service;
        if (stack !== undefined && record?.stack !== stack) return [];
        if (service !== undefined && record?.name !== service) return [];
        return [{ id, hostId, host, row }];
      });
      const sorted =
        order === 'name'
          ? sortedBy(
              found.map((one) => ({ ...one, name: nameOf(tx, one.hostId, one.id) })),
              ({ name }) => name,
            )
          : mostFirst(found, ({ row }) => OF_CONTAINERS[order](row));
      const containers = sorted.slice(0, limit).map(({ id, hostId, host, row }): TopContainer => {
        const { stack = '', name: service = '' } = tx.get('containers', id)?.service ?? {};
        const figures = rounded(CONTAINER_ROW, figuresOf(CONTAINER_ROW, row));
        return { ...figures, id, name: nameOf(tx, hostId, id), host, stack, service };
      });
      return { containers, measured: found.length };
    }),

  'top.hosts': ({ deps: { store, metrics }, query: { order = 'cpu', limit = MOST_ROWS } }) =>
    store.view((tx) => {
      const all = sortedBy([...tx.all('hosts')], ({ name }) => name);
      const found = all.flatMap(({ id, name }) => {
        const figures = metrics.hostNow(id);
        return figures === undefined ? [] : [{ id, name, figures }];
      });
      const sorted = order === 'name' ? found : mostFirst(found, ({ figures }) => OF_HOSTS[order](figures));
      const hosts = sorted
        .slice(0, limit)
        .map(({ id, name, figures }): TopHost => ({ ...rounded(HOST_ROW, figures), id, name }));
      const telling = new Set(found.map(({ id }) => id));
      const silent = all.filter(({ id }) => !telling.has(id)).map(({ name }) => name);
      return { hosts, measured: found.length, silent };
    }),
};

type Measured = Readonly<{ id: string; hostId: string; row: Row }>;

function rowsOf(metrics: MetricBook, hostIds: Iterable<string>): readonly Measured[] {
  return [...hostIds].flatMap((hostId) =>
    [...metrics.rowsNow(hostId)].map(({ id, row }) => ({ id, hostId, row })),
  );
}

/** @param ids with commas between */
function rowsWith(metrics: MetricBook, ids: string): readonly Measured[] {
  return [...new Set(ids.split(','))].flatMap((id) => {
    const found = metrics.rowNow(id);
    return found === undefined ? [] : [{ id, ...found }];
  });
}

function nameOf(tx: ReadTx, hostId: string, id: string): string {
  return tx.get('containers', id)?.name ?? tx.get('observedContainers', `${hostId}/${id}`)?.name ?? id;
}

const inOrder = new Intl.Collator('en', { numeric: true }).compare;

function sortedBy<T>(all: readonly T[], name: (one: T) => string): T[] {
  return all.toSorted((a, b) => inOrder(name(a), name(b)));
}

/** What is not known comes last; equal ones stay as they were. */
function mostFirst<T>(all: readonly T[], weigh: (one: T) => number): T[] {
  const weighed = all.map((one) => {
    const weight = weigh(one);
    return { one, weight: weight >= 0 ? weight : -1 };
  });
  return weighed.sort((a, b) => b.weight - a.weight).map(({ one }) => one);
}

function rounded<const N extends string>(names: readonly N[], figures: Figures<N>): Record<N, number | null> {
  const shown = (value: number) => (value >= 0 ? Number(value.toPrecision(DIGITS)) : null);
  return Object.fromEntries(names.map((name) => [name, shown(figures[name])])) as Record<N, number | null>;
}
