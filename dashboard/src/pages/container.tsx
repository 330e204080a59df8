import { Button, Loader, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Activity, type ReactNode, Suspense, useMemo, useState } from 'react';
import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { waysAtOnce } from '../actions/action.ts';
import { ActionButtons } from '../actions/actions.tsx';
import { containerActions, rareContainerActions } from '../actions/container-actions.ts';
import { useTitle } from '../app/shell.tsx';
import { client } from '../cluster/client.ts';
import { nodesById, shownState, usePicture } from '../cluster/use-cluster.tsx';
import { useText, useWords } from '../i18n/text.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { portsText, shellWord } from '../parts/format.ts';
import { Maker } from '../parts/maker.tsx';
import { ContainerCharts } from '../parts/metric-charts.tsx';
import { metricWords } from '../parts/metric-words.ts';
import { part } from '../parts/part.ts';
import { Problem } from '../parts/problem.tsx';
import { State } from '../parts/state.tsx';
import { tabOf } from '../parts/tab-of.ts';
import { Ago } from '../parts/time.tsx';
import { Waiting } from '../parts/waiting.tsx';
import { MoreMenu } from './container/more-menu.tsx';
import { Numbers } from './container/numbers.tsx';
import { CONTAINER_TABS } from './container/tabs.ts';
import { unknownOf } from './container/unknown.ts';
import { containerWords } from './container/words.ts';
import { Logs } from './logs/logs.tsx';

const route = getRouteApi('/containers/$container');
const FilesPanel = part(async () => (await import('./files/files.tsx')).FilesPanel);
const TerminalPanel = part(async () => (await import('./terminal/terminal.tsx')).TerminalPanel);

export function ContainerPage() {
  const t = useText();
  const { container } = route.useParams();
  const { containers, complete } = usePicture();
  const found = containers.find(({ id, name }) => id === container || name === container);
  useTitle(found?.name ?? container);
  if (found !== undefined) return <Container key={found.id} container={found} />;
  if (!complete) return <Waiting />;
  return (
    <div className="card">
      <Empty title={t('container.gone', { name: container.slice(0, 64) })} hint={t('container.gone.hint')}>
        <Button variant="default" renderRoot={(props) => <Link {...props} to="/containers" />}>
          {t('nav.containers')}
        </Button>
      </Empty>
    </div>
  );
}

function Container({ container }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const m = useWords(metricWords);
  const w = useWords(containerWords);
  const { nodes } = usePicture();
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  const { tab = 'logs' } = route.useSearch();
  const navigate = useNavigate();
  const [had, setHad] = useState<ReadonlySet<string>>(new Set([tab]));
  if (!had.has(tab)) setHad(new Set([...had, tab]));
  const { id, name, health, hostId, hostName: host } = container;
  const on = byId.get(hostId);
  const actions = useMemo(() => containerActions(container, t, on), [container, t, on]);
  const unknown = unknownOf(container, on);
  const runs = unknown === undefined ? undefined : w(`runs.${unknown}`, { host });
  const logs = {
    cli: `docker logs -f ${shellWord(name)}`,
    route: 'container.logs',
    input: { container: id, follow: true },
  } as const;
  const inspect = {
    cli: `docker inspect ${shellWord(name)}`,
    route: 'container.inspect',
    input: { container: id },
  } as const;
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <State state={shownState(container, byId)} health={health} />
        <Maker container={container} />
        <div className="head-side">
          <ActionButtons actions={actions} />
          <MoreMenu container={container} host={on} />
          <CopyAs
            way={tab === 'logs' ? logs : inspect}
            more={waysAtOnce([...actions, ...rareContainerActions(container, t, on)])}
          />
        </div>
      </div>
      <section className="card card-body" style={{ marginBottom: 16 }}>
        <Facts container={container} unknown={unknown} />
        {unknown === undefined && <Numbers container={container} />}
      </section>
      <div className="card rows">
        <Tabs
          value={tab}
          onChange={(chosen) =>
            void navigate({
              from: '/containers/$container',
              search: tabOf(CONTAINER_TABS, chosen),
              replace: true,
              resetScroll: false,
            })
          }
          keepMounted={false}
          // The other mode ends the effects of what is hidden, and with them a terminal's connection.
          keepMountedMode="display-none"
        >
          <Tabs.List>
            <Tabs.Tab value="logs">{t('container.logs')}</Tabs.Tab>
            <Tabs.Tab value="charts">{m('metrics.tab')}</Tabs.Tab>
            <Tabs.Tab value="terminal">{t('container.terminal')}</Tabs.Tab>
            <Tabs.Tab value="files">{t('container.files')}</Tabs.Tab>
            <Tabs.Tab value="inspect">{t('container.inspect')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="logs" keepMounted>
            <Resting isShown={tab === 'logs'}>
              <Logs container={container} />
            </Resting>
          </Tabs.Panel>
          <Tabs.Panel value="charts" p="md">
            <ContainerCharts container={id} />
          </Tabs.Panel>
          {/* It runs on while another tab is looked at. */}
          <Tabs.Panel value="terminal" keepMounted={had.has('terminal')}>
            <Suspense fallback={<Waiting />}>
              <TerminalPanel container={container} unknown={runs} />
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="files" keepMounted={had.has('files')}>
            <Resting isShown={tab === 'files'}>
              <Suspense fallback={<Waiting />}>
                <FilesPanel container={container} unknown={runs} />
              </Suspense>
            </Resting>
          </Tabs.Panel>
          <Tabs.Panel value="inspect" p="md">
            <Inspect container={container} />
          </Tabs.Panel>
        </Tabs>
      </div>
    </>
  );
}

/** What was typed and chosen in it stays while another tab is looked at; meanwhile nothing is asked for it. */
function Resting({ isShown, children }: Readonly<{ isShown: boolean; children: ReactNode }>) {
  return <Activity mode={isShown ? 'visible' : 'hidden'}>{children}</Activity>;
}

type FactsProps = Readonly<{ container: ContainerView; unknown: ReturnType<typeof unknownOf> }>;

function Facts({ container, unknown }: FactsProps) {
  const t = useText();
  const w = useWords(containerWords);
  const { id, image, command, hostName, service, createdAt, startedAt, state, exitCode, ports } = container;
  // What was reported before its host fell silent is still worth telling.
  const missing =
    state === 'pending' && unknown !== undefined ? w(`unknown.${unknown}`, { host: hostName }) : undefined;
  return (
    <dl className="facts paired">
      <dt>{t('container.image')}</dt>
      <dd>{image}</dd>
      {command !== '' && (
        <>
          <dt>{t('container.command')}</dt>
          <dd className="mono">{command}</dd>
        </>
      )}
      <dt>{t('container.host')}</dt>
      <dd>
        <Link to="/hosts/$host" params={{ host: hostName }}>
          {hostName}
        </Link>
      </dd>
      {service !== undefined && (
        <>
          <dt>{t('container.service')}</dt>
          <dd>
            <Link
              to="/stacks/$stack/services/$service"
              params={{ stack: service.stack, service: service.name }}
            >
              {service.stack}/{service.name}
            </Link>
          </dd>
        </>
      )}
      <dt>{t('container.ports')}</dt>
      <dd>{missing ?? (portsText(ports) || t('container.none'))}</dd>
      <dt>{t('containers.created')}</dt>
      <dd>
        <Ago at={createdAt} />
      </dd>
      <dt>{t('container.started')}</dt>
      <dd>{missing ?? <Ago at={startedAt} />}</dd>
      {(state === 'exited' || state === 'restarting') && (
        <>
          <dt>{t('container.exit')}</dt>
          <dd>{exitCode}</dd>
        </>
      )}
      <dt>{t('container.id')}</dt>
      <dd className="mono">{id}</dd>
    </dl>
  );
}

function Inspect({ container: { id, state, startedAt } }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  const { data, error } = useQuery({
    queryKey: ['inspect', id, state, String(startedAt)],
    queryFn: ({ signal }) => client.call('container.inspect', { container: id }, { signal }),
    placeholderData: (before) => before,
  });
  if (error !== null) return <Problem error={error} />;
  if (data === undefined) return <Loader size="sm" />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
    <pre className="code" tabIndex={0} role="region" aria-label={t('container.inspect')}>
      {JSON.stringify(data, null, 2)}
    </pre>
  );
}
