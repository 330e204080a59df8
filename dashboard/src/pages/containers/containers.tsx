import { Button } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';
import { useTitle } from '../../app/shell.tsx';
import { nodesById, shownState, usePicture } from '../../cluster/use-cluster.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { ContainerRows, USAGE_ORDERS } from '../../parts/container-rows.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { useNotCounted } from '../../parts/not-counted.tsx';
import { withFirst } from '../../parts/usage-order.ts';
import { useContainerUsage } from '../../parts/use-usage.ts';
import { Waiting } from '../../parts/waiting.tsx';
import { BulkBar } from './bulk-bar.tsx';
import './containers.css';
import { type Filter, filterOf, finderOf, isFiltered, NO_FILTER, searchOf } from './filter.ts';
import { Filters } from './filters.tsx';
import { useSelection } from './selection.ts';
import { listWords } from './words.ts';

const route = getRouteApi('/containers');

export function ContainersPage() {
  const t = useText();
  const w = useWords(listWords);
  useTitle(t('containers.title'));
  const { nodes, containers, complete } = usePicture();
  const notCounted = useNotCounted();
  const search = route.useSearch();
  const sort = USAGE_ORDERS.find((one) => one === search.sort) ?? '';
  const filter = useMemo(() => filterOf(search), [search]);
  const navigate = useNavigate();
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  const calm = useDeferredValue(filter);
  const found = useMemo(
    () => (isFiltered(calm) ? containers.filter(finderOf(calm, (one) => shownState(one, byId))) : containers),
    [containers, byId, calm],
  );
  const { usage, first, isSome, onShown } = useContainerUsage(sort, whereOf(filter));
  const listed = useMemo(() => withFirst(found, first), [found, first]);
  const selection = useSelection(listed);
  const go = (some: Filter, order: string) => {
    const sorted = order === '' ? {} : { sort: order };
    void navigate({ to: '/containers', search: { ...searchOf(some), ...sorted }, replace: true });
  };
  const change = (some: Partial<Filter>) => go({ ...filter, ...some }, sort);
  const onSort = (order: string) => go(filter, order);
  const count = !complete
    ? t('containers.loading', { n: containers.length })
    : isFiltered(filter)
      ? t('containers.some', { n: found.length, all: containers.length })
      : notCounted === ''
        ? t('containers.count', { n: containers.length })
        : t('containers.besides', {
            count: t('containers.count', { n: containers.length }),
            what: notCounted,
          });
  return (
    <>
      <div className="head">
        <h1>{t('containers.title')}</h1>
        <span className="note" role="status">
          {count}
        </span>
        <div className="head-side">
          <CopyAs
            way={{
              cli: 'docker ps -a',
              route: 'container.list',
              ...(filter.host === '' ? {} : { input: { node: filter.host } }),
            }}
          />
        </div>
      </div>
      <Filters filter={filter} nodes={byId} sort={sort} onChange={change} onSort={onSort} />
      {isSome && (
        <p className="note" style={{ margin: '0 0 8px' }}>
          {w('some', { n: first.length })}
        </p>
      )}
      <div className="card rows">
        {selection.selected.size > 0 && <BulkBar selected={selection.selected} onSelect={selection.set} />}
        {found.length > 0 && (
          <ContainerRows
            label={t('containers.title')}
            containers={listed}
            nodes={byId}
            selecting={selection}
            using={{ usage, sort, onSort, onShown }}
            maxHeight="calc(100dvh - 210px)"
          />
        )}
        {found.length === 0 && containers.length > 0 && (
          <Empty
            title={t('containers.noMatch')}
            hint={t('containers.some', { n: 0, all: containers.length })}
          >
            <Button variant="default" onClick={() => change(NO_FILTER)}>
              {t('containers.clear')}
            </Button>
          </Empty>
        )}
        {containers.length === 0 && !complete && <Waiting />}
        {containers.length === 0 && complete && (
          <Empty title={t('containers.none')} hint={t('containers.none.hint')} />
        )}
      </div>
    </>
  );
}

/** Of the filter what the manager sorts by: among a hundred thousand, those of one host that use most are not of the first. */
function whereOf({ host, stack, service }: Filter) {
  return {
    ...(host === '' ? {} : { node: host }),
    ...(stack === '' ? {} : { stack }),
    ...(service === '' ? {} : { service }),
  };
}
