import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { MOST_ROWS, type TopContainer, type TopHost } from '../../../src/contract/v1/top.ts';
import { client } from '../cluster/client.ts';
import { usePolledQuery } from '../cluster/use-polled-query.ts';
import type { UsageOrder } from './container-rows.tsx';

/** As often as hosts measure, milliseconds. */
const EVERY_MS = 5_000;
/** Whoever scrolls is not asked for each row that passes by, milliseconds. */
const REST_MS = 400;
/** Characters of IDs in one question. */
const MOST_IDS = 8_000;

type Where = Readonly<{ node?: string; stack?: string; service?: string }>;

type Usage = Readonly<{
  usage: ReadonlyMap<string, TopContainer>;
  /** Those that use most, in that order; none where they are not sorted. */
  first: readonly TopContainer[];
  /** Others were measured that are not among the first. */
  isSome: boolean;
  onShown(rows: readonly ContainerView[]): void;
}>;

/** What containers use now: those that are seen, or those that use most. @param where what can be sorted is, at the most */
export function useContainerUsage(sort: UsageOrder | '', where: Where): Usage {
  const [ids, onShown] = useShownIds();
  const { node, stack, service } = where;
  const query =
    sort === ''
      ? { ids }
      : {
          ...{ order: sort, limit: MOST_ROWS },
          ...(node === undefined ? {} : { node }),
          ...(stack === undefined ? {} : { stack }),
          ...(service === undefined ? {} : { service }),
        };
  const { data } = usePolledQuery(
    ['top.containers', query],
    (signal) => (sort === '' && ids === '' ? NOBODY : client.call('top.containers', query, { signal })),
    EVERY_MS,
  );
  return useMemo(() => {
    const containers = data?.containers ?? [];
    return {
      usage: new Map(containers.map((one) => [one.id, one])),
      first: sort === '' ? [] : containers,
      isSome: sort !== '' && (data?.measured ?? 0) > containers.length,
      onShown,
    };
  }, [data, sort, onShown]);
}

const NOBODY = Promise.resolve({ containers: [] as TopContainer[], measured: 0 });

/** IDs of the rows that are seen, with commas between. */
function useShownIds(): readonly [string, (rows: readonly ContainerView[]) => void] {
  const [ids, setIds] = useState('');
  const latest = useRef('');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  const onShown = useCallback((rows: readonly ContainerView[]) => {
    latest.current = idsOf(rows);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setIds(latest.current);
    }, REST_MS);
  }, []);
  return [ids, onShown];
}

function idsOf(rows: readonly ContainerView[]): string {
  let ids = '';
  for (const { id } of rows) {
    if (ids.length + 1 + id.length > MOST_IDS) break;
    ids += ids === '' ? id : `,${id}`;
  }
  return ids;
}

/** What hosts use now, by their IDs. */
export function useHostUsage(): ReadonlyMap<string, TopHost> {
  const { data } = usePolledQuery(
    ['top.hosts'],
    (signal) => client.call('top.hosts', {}, { signal }),
    EVERY_MS,
  );
  return useMemo(() => new Map((data?.hosts ?? []).map((one) => [one.id, one])), [data]);
}

/** Cores of a host that are at work. */
export function busyCores({ cpuUser, cpuSystem, cpuStolen }: TopHost): number | null {
  return cpuUser === null ? null : cpuUser + (cpuSystem ?? 0) + (cpuStolen ?? 0);
}
