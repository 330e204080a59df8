import { Button } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { VolumeView } from '../../../../src/contract/v1/volumes.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { FilteredList } from '../../parts/filtered-list.tsx';
import { bytesText } from '../../parts/format.ts';
import { hasWords } from '../../parts/has-words.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import '../../parts/rows.css';
import { CreateVolume } from './create-volume.tsx';
import { useVolumeSizes } from './sizes.ts';
import { words } from './words.ts';

const route = getRouteApi('/volumes');

export function VolumesPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const { create, ...filter } = route.useSearch();
  const navigate = useNavigate();
  const ask = (what: Readonly<{ create?: true }>) =>
    void navigate({ to: '/volumes', search: { ...filter, ...what } });
  const { data, error } = useLiveQuery(['volumes'], (signal) => client.call('volume.list', {}, { signal }));
  const sizes = useVolumeSizes();
  const volumes = data?.volumes;
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        {volumes !== undefined && <span className="note">{w('count', { n: volumes.length })}</span>}
        <div className="head-side">
          <Button variant="default" loading={sizes.isFetching} onClick={sizes.measure}>
            {w('measure')}
          </Button>
          <CopyAs way={{ cli: 'berth volume ls', route: 'volume.list' }} />
          <RoleButton
            needs="operator"
            leftSection={<Icon name="plus" />}
            onClick={() => ask({ create: true })}
          >
            {w('create')}
          </RoleButton>
        </div>
      </div>
      {(error ?? sizes.error) !== null && <Problem error={error ?? sizes.error} />}
      {volumes === undefined && error === null && <Waiting />}
      {volumes !== undefined && (
        <FilteredList
          items={volumes}
          texts={{
            ...{ filter: w('filter'), check: w('unused'), count: w('count', { n: volumes.length }) },
            ...{ noMatch: w('noMatch'), none: w('none'), noneHint: w('noneHint') },
          }}
          isListed={isListed}
          matches={matches}
        >
          {(shown) => <Rows volumes={shown} sizes={sizes.byName} />}
        </FilteredList>
      )}
      {create === true && <CreateVolume onClose={() => ask({})} />}
    </>
  );
}

/** All, or those that nothing uses. */
function isListed({ users }: VolumeView, isUnused: boolean): boolean {
  return !isUnused || users.length === 0;
}

function matches({ name, driver, stack, hostNames, users }: VolumeView, text: string): boolean {
  return hasWords(text, [name, driver, stack, ...hostNames, ...users]);
}

type RowsProps = Readonly<{ volumes: readonly VolumeView[]; sizes: ReadonlyMap<string, number> }>;

function Rows({ volumes, sizes }: RowsProps) {
  const w = useWords(words);
  const { language } = useLanguage();
  const rows = useMemo(() => volumes.map((one) => ({ ...one, id: one.name })), [volumes]);
  return (
    <VirtualRows
      label={w('title')}
      rows={rows}
      rowHeight={44}
      maxHeight="calc(100dvh - 220px)"
      columns="minmax(190px, 2.4fr) minmax(90px, 1fr) minmax(80px, 0.8fr) minmax(110px, 1.1fr) 90px minmax(130px, 1.6fr)"
      narrow="1.6fr 1fr"
      heads={[
        { text: w('name') },
        { text: w('stack'), wide: true },
        { text: w('driver'), wide: true },
        { text: w('hosts') },
        { text: w('size'), wide: true },
        { text: w('users'), wide: true },
      ]}
      render={({ name, stack, driver, hostNames, users }) => {
        const size = sizes.get(name);
        return [
          <Link key="name" to="/volumes/$volume" params={{ volume: name }} title={name}>
            <bdi>{name}</bdi>
          </Link>,
          stack,
          driver,
          <span key="hosts" title={hostNames.join(', ')}>
            {hostNames.join(', ') || w('nowhere')}
          </span>,
          size === undefined ? '' : bytesText(size, language),
          <span key="users" title={users.join(', ')}>
            <bdi>{users.join(', ') || w('nobody')}</bdi>
          </span>,
        ];
      }}
    />
  );
}
