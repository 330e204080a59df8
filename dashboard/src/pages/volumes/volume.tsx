import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { VolumeDetail } from '../../../../src/contract/v1/volumes.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { AskedFor } from '../../parts/asked-for.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { bytesText, shellWord } from '../../parts/format.ts';
import { State } from '../../parts/state.tsx';
import { Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { useVolumeSizes } from './sizes.ts';
import { removeVolume } from './volume-actions.ts';
import { words } from './words.ts';

const route = getRouteApi('/volumes/$volume');

export function VolumePage() {
  const t = useText();
  const w = useWords(words);
  const { volume } = route.useParams();
  useTitle(volume);
  const { data, error } = useLiveQuery(['volume', volume], (signal) =>
    client.call('volume.get', { volume }, { signal }),
  );
  const gone = {
    ...{ title: w('gone', { name: volume.slice(0, 64) }), hint: w('goneHint') },
    to: '/volumes',
    label: t('nav.volumes'),
  } as const;
  return (
    <AskedFor data={data} error={error} gone={gone}>
      {(found) => <Volume volume={found} />}
    </AskedFor>
  );
}

function Volume({ volume }: Readonly<{ volume: VolumeDetail }>) {
  const w = useWords(words);
  const { name, managed, mounts } = volume;
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        {!managed && <span className="chip">{w('unmanaged')}</span>}
        {mounts.length === 0 && <span className="chip">{w('unused')}</span>}
        <div className="head-side">
          <ActionButtons actions={[removeVolume(volume, w)]} />
          <CopyAs
            way={{
              cli: `docker volume inspect ${shellWord(name)}`,
              route: 'volume.get',
              input: { volume: name },
            }}
          />
        </div>
      </div>
      <Facts volume={volume} />
      <section className="card rows" aria-labelledby="mounts">
        <div className="card-body" style={{ paddingBottom: 0 }}>
          <h2 id="mounts">
            {w('mounts')} <span className="note">{mounts.length}</span>
          </h2>
        </div>
        {mounts.length === 0 && (
          <Empty title={w('mountsNone')} hint={w('mountsHint', { name: shellWord(name) })} />
        )}
        {mounts.length > 0 && <Mounts mounts={mounts} />}
      </section>
    </>
  );
}

function Facts({ volume }: Readonly<{ volume: VolumeDetail }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const sizes = useVolumeSizes();
  const { name, driver, hostNames, spansHosts, mountpoint, stack, key, createdAt, createdBy } = volume;
  const { options, labels } = volume;
  const size = sizes.byName.get(name);
  const at = Date.parse(createdAt);
  const [before = '', after = ''] = w('createdBy', { time: '\0', user: createdBy }).split('\0');
  return (
    <section className="card card-body" style={{ marginBottom: 16 }}>
      <h2>{w('facts')}</h2>
      <dl className="facts">
        <dt>{w('driver')}</dt>
        <dd>{driver}</dd>
        <dt>{w('hosts')}</dt>
        <dd>
          {spansHosts && <span>{w('everywhere')}</span>}
          {!spansHosts && hostNames.length === 0 && `${w('nowhere')}. ${w('nowhereHint')}`}
          {!spansHosts &&
            hostNames.map((host) => (
              <Link key={host} to="/hosts/$host" params={{ host }}>
                {host}
              </Link>
            ))}
        </dd>
        {stack !== '' && (
          <>
            <dt>{w('stack')}</dt>
            <dd>{stack}</dd>
            <dt>{w('key')}</dt>
            <dd>{key}</dd>
          </>
        )}
        {mountpoint !== '' && (
          <>
            <dt>{w('mountpoint')}</dt>
            <dd className="mono">{mountpoint}</dd>
          </>
        )}
        <dt>{w('size')}</dt>
        <dd>
          {size !== undefined && bytesText(size, language)}
          {size === undefined && (
            <Button size="compact-xs" variant="default" loading={sizes.isFetching} onClick={sizes.measure}>
              {w('measure')}
            </Button>
          )}
        </dd>
        {!Number.isNaN(at) && (
          <>
            <dt>{w('created')}</dt>
            <dd>
              {createdBy !== '' && before}
              <Moment at={at} />
              {createdBy !== '' && after}
            </dd>
          </>
        )}
        <Fields name={w('options')} fields={options} />
        <Fields name={w('labels')} fields={labels} />
      </dl>
    </section>
  );
}

function Fields({ name, fields }: Readonly<{ name: string; fields: Readonly<Record<string, string>> }>) {
  const all = Object.entries(fields);
  if (all.length === 0) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {all.map(([key, value]) => (
          <span key={key}>
            <span className="label">
              <bdi>
                {key}={value}
              </bdi>
            </span>{' '}
          </span>
        ))}
      </dd>
    </>
  );
}

function Mounts({ mounts }: Readonly<{ mounts: VolumeDetail['mounts'] }>) {
  const w = useWords(words);
  return (
    <VirtualRows
      label={w('mounts')}
      rows={mounts}
      rowHeight={44}
      maxHeight="480px"
      columns="minmax(160px, 2fr) minmax(110px, 1fr) 1fr minmax(140px, 2fr)"
      narrow="1.4fr 1fr"
      heads={[
        { text: w('container') },
        { text: w('state'), wide: true },
        { text: w('hosts'), wide: true },
        { text: w('path') },
      ]}
      render={({ id, name, hostName, state, path, readOnly }) => [
        <Link key="name" to="/containers/$container" params={{ container: id }} title={name}>
          <bdi>{name}</bdi>
        </Link>,
        <State key="state" state={state} />,
        <Link key="host" className="quiet" to="/hosts/$host" params={{ host: hostName }}>
          {hostName}
        </Link>,
        <span key="path" className="mono" title={path}>
          {path} {readOnly && <span className="chip">{w('readOnly')}</span>}
        </span>,
      ]}
    />
  );
}
