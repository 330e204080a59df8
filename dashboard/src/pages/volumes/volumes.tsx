import { Button, Checkbox } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { VolumeView } from '../../../../src/contract/v1/volumes.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FilterBox } from '../../parts/filter-box.tsx';
import { bytesText } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import '@mantine/core/styles/Checkbox.css';
import '../../parts/rows.css';
import { CreateVolume } from './create-volume.tsx';
import { useVolumeSizes } from './sizes.ts';
import { words } from './words.ts';

const route = getRouteApi('/volumes');

export function VolumesPage() {
  const t = useText();
  const w = useWords(words);
  useTitle(w('title'));
  const { create } = route.useSearch();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [isUnused, setUnused] = useState(false);
  const { data, error } = useLiveQuery(['volumes'], (signal) => client.call('volume.list', {}, { signal }));
  const sizes = useVolumeSizes();
  const volumes = data?.volumes;
  const shown = useMemo(
    () => volumes?.filter((one) => matches(one, text) && !(isUnused && one.users.length > 0)) ?? [],
    [volumes, text, isUnused],
  );
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
            onClick={() => void navigate({ to: '/volumes', search: { create: true } })}
          >
            {w('create')}
          </RoleButton>
        </div>
      </div>
      {(error ?? sizes.error) !== null && <Problem error={error ?? sizes.error} />}
      {volumes === undefined && error === null && <Waiting />}
      {volumes !== undefined && (
        <>
          <div className="filters">
            <FilterBox label={w('filter')} value={text} onChange={setText} />
            <Checkbox
              className="filter-check"
              label={w('unused')}
              checked={isUnused}
              onChange={(event) => setUnused(event.currentTarget.checked)}
            />
          </div>
          <div className="card rows">
            {shown.length > 0 && <Rows volumes={shown} sizes={sizes.byName} />}
            {shown.length === 0 && volumes.length > 0 && (
              <Empty title={w('noMatch')} hint={w('count', { n: volumes.length })}>
                <Button
                  variant="default"
                  onClick={() => {
                    setText('');
                    setUnused(false);
                  }}
                >
                  {t('containers.clear')}
                </Button>
              </Empty>
            )}
            {volumes.length === 0 && <Empty title={w('none')} hint={w('noneHint')} />}
          </div>
        </>
      )}
      {create === true && <CreateVolume onClose={() => void navigate({ to: '/volumes' })} />}
    </>
  );
}

function matches({ name, driver, stack, hostNames, users }: VolumeView, text: string): boolean {
  const all = [name, driver, stack, ...hostNames, ...users].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
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
