import { Button, NativeSelect } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { useTitle } from '../app/shell.tsx';
import { nodesById, shownState, usePicture } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';
import { ContainerRows } from '../parts/container-rows.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { wordOf } from '../parts/state.tsx';
import { Waiting } from '../parts/waiting.tsx';

const route = getRouteApi('/containers');

export function ContainersPage() {
  const t = useText();
  useTitle(t('containers.title'));
  const { nodes, containers, complete } = usePicture();
  const { q = '', state = '', host = '' } = route.useSearch();
  const navigate = useNavigate();
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  const text = useDeferredValue(q);
  const states = useMemo(
    () => [...new Set(containers.map((one) => shownState(one, byId)))].sort(),
    [containers, byId],
  );
  const found = useMemo(
    () =>
      containers.filter(
        (one) =>
          (state === '' || shownState(one, byId) === state) &&
          (host === '' || one.hostName === host) &&
          matches(one, text),
      ),
    [containers, byId, text, state, host],
  );
  const filter = (change: Readonly<{ q?: string; state?: string; host?: string }>) => {
    const all = Object.entries({ q, state, host, ...change }).filter(([, value]) => value !== '');
    void navigate({ to: '/containers', search: Object.fromEntries(all), replace: true });
  };
  const isFiltered = q !== '' || state !== '' || host !== '';
  const count = !complete
    ? t('containers.loading', { n: containers.length })
    : isFiltered
      ? t('containers.some', { n: found.length, all: containers.length })
      : t('containers.count', { n: containers.length });
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
              ...(host === '' ? {} : { input: { node: host } }),
            }}
          />
        </div>
      </div>
      <div className="filters">
        <FilterBox label={t('containers.filter')} value={q} onChange={(value) => filter({ q: value })} />
        <NativeSelect
          aria-label={t('containers.state')}
          value={state}
          onChange={(event) => filter({ state: event.currentTarget.value })}
          data={[
            { value: '', label: t('containers.allStates') },
            ...withChosen(states, state).map((value) => ({ value, label: wordOf(t, 'state', value) })),
          ]}
        />
        <NativeSelect
          aria-label={t('containers.host')}
          value={host}
          onChange={(event) => filter({ host: event.currentTarget.value })}
          data={[
            { value: '', label: t('containers.allHosts') },
            ...withChosen(
              nodes.map(({ name }) => name),
              host,
            ).map((value) => ({ value, label: value })),
          ]}
        />
      </div>
      <div className="card rows">
        {found.length > 0 && (
          <ContainerRows
            label={t('containers.title')}
            containers={found}
            nodes={byId}
            maxHeight="calc(100dvh - 210px)"
          />
        )}
        {found.length === 0 && containers.length > 0 && (
          <Empty
            title={t('containers.noMatch')}
            hint={t('containers.some', { n: 0, all: containers.length })}
          >
            <Button variant="default" onClick={() => filter({ q: '', state: '', host: '' })}>
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

/** What the address asks for is there to choose, though nothing has it now. */
function withChosen(all: readonly string[], chosen: string): readonly string[] {
  return chosen === '' || all.includes(chosen) ? all : [...all, chosen];
}

function matches({ id, name, image }: ContainerView, text: string): boolean {
  if (text === '') return true;
  const all = `${name} ${image}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word) || (word.length > 2 && id.startsWith(word)));
}
