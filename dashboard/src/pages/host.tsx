import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Moves } from '../../../src/contract/v1/moves.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { ActionButtons } from '../actions/actions.tsx';
import { nodeActions } from '../actions/node-actions.tsx';
import { useTitle } from '../app/shell.tsx';
import { client } from '../cluster/client.ts';
import { nodesById, usePicture } from '../cluster/use-cluster.tsx';
import { useLiveQuery } from '../cluster/use-live-query.ts';
import { useLanguage, useText } from '../i18n/text.tsx';
import { CpuMeter, capacityOf, MemoryMeter } from '../parts/capacity.tsx';
import { ContainerRows } from '../parts/container-rows.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { bytesText, shellWord } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { HostCharts } from '../parts/metric-charts.tsx';
import { State } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { Waiting } from '../parts/waiting.tsx';

const route = getRouteApi('/hosts/$host');

export function HostPage() {
  const t = useText();
  const { host } = route.useParams();
  const { nodes, complete } = usePicture();
  const node = nodes.find(({ id, name }) => name === host || id === host);
  useTitle(node?.name ?? host);
  if (node !== undefined) return <Host node={node} />;
  if (!complete) return <Waiting />;
  return (
    <div className="card">
      <Empty title={t('host.gone', { name: host })} hint={t('host.gone.hint')}>
        <Button variant="default" renderRoot={(props) => <Link {...props} to="/hosts" />}>
          {t('nav.hosts')}
        </Button>
      </Empty>
    </div>
  );
}

function Host({ node }: Readonly<{ node: Node }>) {
  const t = useText();
  const { nodes, containers } = usePicture();
  const own = useMemo(() => containers.filter(({ hostId }) => hostId === node.id), [containers, node.id]);
  const drain = useLiveQuery(['drained', node.id], (signal) =>
    client.call('node.drained', { node: node.id }, { signal }),
  );
  const actions = useMemo(() => nodeActions(node, t), [node, t]);
  const amounts = { reserved: node.reserved, capacity: capacityOf(node.engine) };
  return (
    <>
      <div className="head">
        <h1>{node.name}</h1>
        <State state={node.state} />
        {node.cordoned && <span className="chip">{t('hosts.cordoned')}</span>}
        <div className="head-side">
          <ActionButtons actions={actions} />
          <CopyAs
            way={{
              cli: `berth node inspect ${shellWord(node.name)}`,
              route: 'node.get',
              input: { node: node.id },
            }}
          />
        </div>
      </div>
      {node.reason !== '' && (
        <div className={`health tone-${node.state === 'down' ? 'bad' : 'busy'}`} role="status">
          <Icon name="warn" size={22} />
          <div>{node.reason}</div>
        </div>
      )}
      {drain.data !== undefined && node.cordoned && <Drained moves={drain.data} />}
      <div className="grid">
        <Machine node={node} />
        <div>
          <section className="card card-body" style={{ marginBottom: 16 }}>
            <h2>{t('host.capacity')}</h2>
            <div style={{ display: 'grid', gap: 16 }}>
              <CpuMeter {...amounts} />
              <MemoryMeter {...amounts} />
            </div>
          </section>
          <section className="card card-body">
            <h2>{t('host.labels')}</h2>
            <Labels labels={node.labels} />
          </section>
        </div>
      </div>
      <section className="card card-body" style={{ marginBottom: 16 }}>
        <HostCharts host={node.id} />
      </section>
      <section className="card rows" aria-labelledby="own">
        <div className="card-body" style={{ paddingBottom: 0 }}>
          <h2 id="own">
            {t('host.containers')} <span className="note">{t('containers.count', { n: own.length })}</span>
          </h2>
        </div>
        {own.length === 0 && <Empty title={t('containers.none')} hint={t('containers.none.hint')} />}
        {own.length > 0 && (
          <ContainerRows
            label={t('host.containers')}
            containers={own}
            nodes={nodesById(nodes)}
            hideHost
            maxHeight="480px"
          />
        )}
      </section>
    </>
  );
}

function Drained({ moves: { state, moved, waiting, stays } }: Readonly<{ moves: Moves }>) {
  const t = useText();
  if (state === 'none' || state === 'planned') return null;
  const isDone = state === 'done';
  return (
    <div className={`health tone-${isDone ? 'good' : 'busy'}`} role="status">
      <Icon name={isDone ? 'well' : 'clock'} size={22} />
      <div>
        {isDone
          ? t('drain.done', { n: moved.length })
          : t('drain.progress', { moved: moved.length, all: moved.length + waiting.length })}
        {stays.length > 0 && (
          <ul>
            {stays.map(({ id, name, reason }) => (
              <li key={id}>
                {name}: {reason}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function Machine({ node }: Readonly<{ node: Node }>) {
  const { t, language } = useLanguage();
  const { engine } = node;
  return (
    <section className="card card-body">
      <h2>{t('host.facts')}</h2>
      <dl className="facts">
        <dt>{t('host.dataAddress')}</dt>
        <dd>{node.dataAddress}</dd>
        <dt>{t('host.address')}</dt>
        <dd>{node.address}</dd>
        {engine !== undefined && (
          <>
            <dt>{t('host.os')}</dt>
            <dd>
              {engine.operatingSystem} ({engine.architecture})
            </dd>
            <dt>{t('host.kernel')}</dt>
            <dd>{engine.kernelVersion}</dd>
            <dt>{t('host.engine')}</dt>
            <dd>
              {engine.serverVersion} ({engine.storageDriver})
            </dd>
            <dt>{t('host.cpus')}</dt>
            <dd>{engine.cpus}</dd>
            <dt>{t('host.memory')}</dt>
            <dd>{bytesText(engine.memory, language)}</dd>
          </>
        )}
        <dt>{t('host.agent')}</dt>
        <dd>{node.agentVersion}</dd>
        <dt>{t('host.joined')}</dt>
        <dd>
          <Ago at={node.joinedAt} />
        </dd>
        {node.state !== 'ready' && (
          <>
            <dt>{t('host.heard')}</dt>
            <dd>
              <Ago at={node.lastHeardAt} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Labels({ labels }: Readonly<{ labels: Node['labels'] }>) {
  const t = useText();
  const all = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (all.length === 0) return <p className="note">{t('host.labels.none')}</p>;
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 6 }}>
      {all.map(([key, value]) => (
        <span key={key} className="label">
          {key}={value}
        </span>
      ))}
    </div>
  );
}
