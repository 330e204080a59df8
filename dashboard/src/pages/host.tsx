import './host/host.css';
import { Button, Tabs } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import type { Moves } from '../../../src/contract/v1/moves.ts';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { waysAtOnce } from '../actions/action.ts';
import { ActionButtons } from '../actions/actions.tsx';
import { nodeActions } from '../actions/node-actions.tsx';
import { useTitle } from '../app/shell.tsx';
import { client } from '../cluster/client.ts';
import { nodesById, useLive, usePicture } from '../cluster/use-cluster.tsx';
import { useLiveQuery } from '../cluster/use-live-query.ts';
import { useSaid } from '../i18n/said/use-said.ts';
import { useLanguage, useText, useWords } from '../i18n/text.tsx';
import { CpuMeter, capacityOf, MemoryMeter } from '../parts/capacity.tsx';
import { ContainerRows, type UsageOrder } from '../parts/container-rows.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { bytesText, shellWord } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { HostCharts } from '../parts/metric-charts.tsx';
import { Problem } from '../parts/problem.tsx';
import { State } from '../parts/state.tsx';
import { tabOf } from '../parts/tab-of.ts';
import { Ago } from '../parts/time.tsx';
import { withFirst } from '../parts/usage-order.ts';
import { useContainerUsage } from '../parts/use-usage.ts';
import { Waiting } from '../parts/waiting.tsx';
import { EventsTab } from './host/events.tsx';
import { LabelsCard } from './host/labels.tsx';
import { NetworkTab } from './host/network.tsx';
import { OrphansNote } from './host/orphans-note.tsx';
import { SilentNote } from './host/silent.tsx';
import { HOST_TABS } from './host/tabs.ts';
import { words } from './host/words.ts';

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
  const w = useWords(words);
  const { tab = 'overview' } = route.useSearch();
  const navigate = useNavigate();
  const live = useLive();
  const { nodes } = usePicture();
  const own = live.containersOn(node.id);
  const drain = useLiveQuery(['drained', node.id], (signal) =>
    client.call('node.drained', { node: node.id }, { signal }),
  );
  const whole = useLiveQuery(['node', node.id], (signal) =>
    client.call('node.get', { node: node.id }, { signal }),
  );
  const actions = useMemo(() => nodeActions(node, t), [node, t]);
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{node.name}</bdi>
        </h1>
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
            more={waysAtOnce(actions)}
          />
        </div>
      </div>
      <SilentNote node={node} failover={whole.data?.failover} />
      <OrphansNote node={node} />
      {drain.data !== undefined && node.cordoned && <Drained moves={drain.data} />}
      <Tabs
        value={tab}
        onChange={(value) =>
          void navigate({
            to: '/hosts/$host',
            params: { host: node.name },
            search: tabOf(HOST_TABS, value),
            replace: true,
          })
        }
      >
        <Tabs.List mb="md">
          {HOST_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {w(`tab.${one}`)}
              {one === 'containers' && <span className="host-count">{own.length}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <div className="grid">
            <Machine node={node} />
            <div>
              <Capacity node={node} />
              <LabelsCard node={node} />
            </div>
          </div>
          <section className="card card-body">
            <HostCharts host={node.id} />
          </section>
        </Tabs.Panel>
        <Tabs.Panel value="containers">
          <section className="card rows">
            {own.length === 0 && <Empty title={t('containers.none')} hint={t('containers.none.hint')} />}
            {own.length > 0 && tab === 'containers' && (
              <Containers host={node.name} containers={own} nodes={nodes} />
            )}
          </section>
        </Tabs.Panel>
        <Tabs.Panel value="network">
          {whole.error !== null && whole.data === undefined && <Problem error={whole.error} />}
          {whole.isPending && <Waiting />}
          {whole.data !== undefined && <NetworkTab node={whole.data} />}
        </Tabs.Panel>
        <Tabs.Panel value="events">{tab === 'events' && <EventsTab node={node} />}</Tabs.Panel>
      </Tabs>
    </>
  );
}

type ContainersProps = Readonly<{
  host: string;
  containers: readonly ContainerView[];
  nodes: readonly Node[];
}>;

function Containers({ host, containers, nodes }: ContainersProps) {
  const t = useText();
  const [sort, setSort] = useState<UsageOrder | ''>('');
  const { usage, first, onShown } = useContainerUsage(sort, { node: host });
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  const listed = useMemo(() => withFirst(containers, first), [containers, first]);
  return (
    <ContainerRows
      label={t('host.containers')}
      containers={listed}
      nodes={byId}
      hideHost
      maxHeight="calc(100dvh - 260px)"
      using={{ usage, sort, onSort: setSort, onShown }}
    />
  );
}

function Capacity({ node }: Readonly<{ node: Node }>) {
  const t = useText();
  const w = useWords(words);
  const amounts = { reserved: node.reserved, capacity: capacityOf(node.engine) };
  return (
    <section className="card card-body host-gap">
      <div className="host-card-head">
        <h2>{t('host.capacity')}</h2>
        <Button
          variant="default"
          size="compact-sm"
          renderRoot={(props) => <Link {...props} to="/topology" search={{ host: node.name }} />}
        >
          {w('map')}
        </Button>
      </div>
      <div style={{ display: 'grid', gap: 16 }}>
        <CpuMeter {...amounts} />
        <MemoryMeter {...amounts} />
      </div>
    </section>
  );
}

function Drained({ moves: { state, moved, waiting, stays } }: Readonly<{ moves: Moves }>) {
  const t = useText();
  const said = useSaid();
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
                {name}: {said(reason)}
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
