import { Button } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import type { TopHost } from '../../../src/contract/v1/top.ts';
import { LazyActionMenu } from '../actions/action-menu.tsx';
import { nodeActions } from '../actions/node-actions.tsx';
import { useTitle } from '../app/shell.tsx';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useSaid } from '../i18n/said/use-said.ts';
import { useLanguage, useText, useWords, wordsOf } from '../i18n/text.tsx';
import { CpuMeter, capacityOf, MemoryMeter } from '../parts/capacity.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { bytesText, coresText } from '../parts/format.ts';
import { hasWords } from '../parts/has-words.ts';
import { Icon } from '../parts/icons.tsx';
import { Meter } from '../parts/meter.tsx';
import { RoleButton } from '../parts/role-button.tsx';
import { State } from '../parts/state.tsx';
import { mostFirst } from '../parts/usage-order.ts';
import { busyCores, useHostUsage } from '../parts/use-usage.ts';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { Waiting } from '../parts/waiting.tsx';
import { JoinDialog } from './join-dialog.tsx';

const route = getRouteApi('/hosts');

const words = wordsOf(
  {
    more: 'What to do with {name}',
    cpu: 'CPU used',
    memory: 'Memory used',
    of: '{used} of {all}',
    unknown: 'It has told nothing of late',
  },
  {
    more: '对 {name} 的操作',
    cpu: '已用 CPU',
    memory: '已用内存',
    of: '{used}，共 {all}',
    unknown: '近来没有上报',
  },
);
const ORDERS = ['cpu', 'memory'] as const;
type Order = (typeof ORDERS)[number];

export function HostsPage() {
  const t = useText();
  useTitle(t('hosts.title'));
  const { nodes, complete } = usePicture();
  const [text, setText] = useState('');
  const { add, sort: by } = route.useSearch();
  const sort = ORDERS.find((one) => one === by) ?? '';
  const navigate = useNavigate();
  const found = useMemo(() => nodes.filter((node) => matches(node, text)), [nodes, text]);
  return (
    <>
      <div className="head">
        <h1>{t('hosts.title')}</h1>
        {(complete || nodes.length > 0) && (
          <span className="note">{t('hosts.count', { n: nodes.length })}</span>
        )}
        <div className="head-side">
          <CopyAs way={{ cli: 'berth node ls', route: 'node.list' }} />
          <AddButton />
        </div>
      </div>
      {nodes.length > 0 && (
        <>
          <div className="filters">
            <FilterBox label={t('hosts.filter')} value={text} onChange={setText} />
          </div>
          <div className="card rows">
            {found.length === 0 && (
              <Empty title={t('hosts.none', { text })} hint={t('hosts.count', { n: nodes.length })}>
                <Button variant="default" onClick={() => setText('')}>
                  {t('containers.clear')}
                </Button>
              </Empty>
            )}
            {found.length > 0 && (
              <Rows
                nodes={found}
                sort={sort}
                onSort={(order) =>
                  void navigate({ to: '/hosts', search: order === '' ? {} : { sort: order }, replace: true })
                }
              />
            )}
          </div>
        </>
      )}
      {nodes.length === 0 && !complete && <Waiting />}
      {nodes.length === 0 && complete && (
        <div className="card">
          <Empty title={t('overview.noHosts')} hint={t('overview.noHosts.hint')} />
        </div>
      )}
      {add === true && (
        <JoinDialog onClose={() => void navigate({ to: '/hosts', search: sort === '' ? {} : { sort } })} />
      )}
    </>
  );
}

function AddButton() {
  const t = useText();
  const navigate = useNavigate();
  return (
    <RoleButton
      needs="admin"
      leftSection={<Icon name="plus" />}
      onClick={() => void navigate({ to: '/hosts', search: (before) => ({ ...before, add: true }) })}
    >
      {t('hosts.add')}
    </RoleButton>
  );
}

function matches({ name, address, dataAddress, labels }: Node, text: string): boolean {
  return hasWords(text, [
    name,
    address,
    dataAddress,
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ]);
}

type RowsProps = Readonly<{
  nodes: readonly Node[];
  sort: Order | '';
  onSort(by: Order | ''): void;
}>;

function Rows({ nodes, sort, onSort }: RowsProps) {
  const { t, language } = useLanguage();
  const w = useWords(words);
  const said = useSaid();
  const usage = useHostUsage();
  const sorted = useMemo(
    () => (sort === '' ? nodes : mostFirst(nodes, ({ id }) => shareOf(sort, usage.get(id)))),
    [nodes, sort, usage],
  );
  const sortOf = (by: Order | '') =>
    ({
      is: sort !== by ? 'none' : by === '' ? 'ascending' : 'descending',
      onSort: () => onSort(sort === by ? '' : by),
    }) as const;
  const used = (by: Order, host: TopHost | undefined) => {
    const [now, all] = amountsOf(by, host);
    if (now === null || all === null)
      return (
        <span key={by} title={w('unknown')}>
          –
        </span>
      );
    const textOf = (value: number) =>
      by === 'cpu' ? coresText(value * 1000, language) : bytesText(value, language);
    const text = w('of', { used: textOf(now), all: textOf(all) });
    return (
      <div key={by} title={text}>
        <Meter label={w(by)} used={now} all={all} text={textOf(now)} hideLabel />
      </div>
    );
  };
  const columns = (...last: readonly string[]) =>
    [
      ...['minmax(96px, 1.2fr)', 'minmax(110px, 1.2fr)', 'minmax(64px, 0.7fr)'],
      ...['minmax(90px, 1fr)', 'minmax(100px, 1fr)', 'minmax(90px, 1fr)', 'minmax(150px, 1.4fr)'],
      ...[...last, '34px'],
    ].join(' ');
  return (
    <VirtualRows
      label={t('hosts.title')}
      rows={sorted}
      rowHeight={56}
      maxHeight="calc(100dvh - 210px)"
      columns={columns('minmax(80px, 1fr)', 'minmax(96px, 1fr)')}
      middle={columns()}
      narrow="1fr 1.3fr minmax(84px, 0.8fr) 34px"
      heads={[
        { text: t('hosts.name'), sort: sortOf('') },
        { text: t('hosts.state') },
        { text: t('hosts.containers') },
        { text: w('cpu'), wide: true, sort: sortOf('cpu') },
        { text: w('memory'), wide: true, sort: sortOf('memory') },
        { text: t('hosts.cpu'), wide: true },
        { text: t('hosts.memory'), wide: true },
        { text: t('hosts.engine'), wide: 'widest' },
        { text: t('hosts.address'), wide: 'widest' },
        { text: '' },
      ]}
      render={(node) => {
        const { id, name, state, cordoned, reason, containers, reserved, engine, dataAddress } = node;
        const amounts = { reserved, capacity: capacityOf(engine), hideLabel: true };
        return [
          <Link key={id} to="/hosts/$host" params={{ host: name }}>
            {name}
          </Link>,
          <span key={id} title={said(reason)}>
            <State state={state} /> {cordoned && <span className="chip">{t('hosts.cordoned')}</span>}
          </span>,
          t('hosts.running', {
            running: containers.running,
            all: containers.managed + containers.unmanaged,
          }),
          used('cpu', usage.get(id)),
          used('memory', usage.get(id)),
          <CpuMeter key={id} {...amounts} />,
          <MemoryMeter key={id} {...amounts} />,
          engine?.serverVersion ?? '',
          dataAddress,
          <LazyActionMenu key={id} label={w('more', { name })} itemsOf={() => nodeActions(node, t)} />,
        ];
      }}
    />
  );
}

/** What is used, and how much there is. */
function amountsOf(by: Order, host: TopHost | undefined): readonly [number | null, number | null] {
  if (host === undefined) return [null, null];
  return by === 'cpu' ? [busyCores(host), host.cores] : [host.memory, host.memorySize];
}

/** Hosts are full by their share: one of many cores is not for having much at work. */
function shareOf(by: Order, host: TopHost | undefined): number | null {
  const [now, all] = amountsOf(by, host);
  return now === null || all === null || all === 0 ? null : now / all;
}
