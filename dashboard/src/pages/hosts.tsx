import { Button, Tooltip } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Node } from '../../../src/contract/v1/nodes.ts';
import { useMay, useWho } from '../app/session.tsx';
import { useTitle } from '../app/shell.tsx';
import { usePicture } from '../cluster/use-cluster.tsx';
import { useText } from '../i18n/text.tsx';
import { CpuMeter, capacityOf, MemoryMeter } from '../parts/capacity.tsx';
import { CopyAs } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { hasWords } from '../parts/has-words.ts';
import { Icon } from '../parts/icons.tsx';
import { State, wordOf } from '../parts/state.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { Waiting } from '../parts/waiting.tsx';
import { JoinDialog } from './join-dialog.tsx';

const route = getRouteApi('/hosts');

export function HostsPage() {
  const t = useText();
  useTitle(t('hosts.title'));
  const { nodes, complete } = usePicture();
  const [text, setText] = useState('');
  const { add } = route.useSearch();
  const navigate = useNavigate();
  const found = useMemo(() => nodes.filter((node) => matches(node, text)), [nodes, text]);
  return (
    <>
      <div className="head">
        <h1>{t('hosts.title')}</h1>
        <span className="note">{t('hosts.count', { n: nodes.length })}</span>
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
            {found.length > 0 && <Rows nodes={found} />}
          </div>
        </>
      )}
      {nodes.length === 0 && !complete && <Waiting />}
      {nodes.length === 0 && complete && (
        <div className="card">
          <Empty title={t('overview.noHosts')} hint={t('overview.noHosts.hint')} />
        </div>
      )}
      {add === true && <JoinDialog onClose={() => void navigate({ to: '/hosts' })} />}
    </>
  );
}

function AddButton() {
  const t = useText();
  const may = useMay()('admin');
  const { role } = useWho();
  const navigate = useNavigate();
  const why = t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', 'admin') });
  return (
    <Tooltip label={why} disabled={may}>
      <Button
        leftSection={<Icon name="plus" />}
        data-disabled={!may || undefined}
        aria-disabled={!may}
        {...(may ? {} : { 'aria-description': why })}
        onClick={() => {
          if (may) void navigate({ to: '/hosts', search: { add: true } });
        }}
      >
        {t('hosts.add')}
      </Button>
    </Tooltip>
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

function Rows({ nodes }: Readonly<{ nodes: readonly Node[] }>) {
  const t = useText();
  return (
    <VirtualRows
      label={t('hosts.title')}
      rows={nodes}
      rowHeight={56}
      maxHeight="calc(100dvh - 210px)"
      columns="minmax(120px, 1.3fr) minmax(150px, 1.4fr) 0.8fr 1.2fr 1.4fr 1.3fr 1.2fr"
      narrow="1fr 1.7fr 0.8fr"
      heads={[
        { text: t('hosts.name') },
        { text: t('hosts.state') },
        { text: t('hosts.containers') },
        { text: t('hosts.cpu'), wide: true },
        { text: t('hosts.memory'), wide: true },
        { text: t('hosts.engine'), wide: true },
        { text: t('hosts.address'), wide: true },
      ]}
      render={(node) => {
        const { id, name, state, cordoned, reason, containers, reserved, engine, dataAddress } = node;
        const amounts = { reserved, capacity: capacityOf(engine), hideLabel: true };
        return [
          <Link key={id} to="/hosts/$host" params={{ host: name }}>
            {name}
          </Link>,
          <span key={id} title={reason}>
            <State state={state} /> {cordoned && <span className="chip">{t('hosts.cordoned')}</span>}
          </span>,
          t('hosts.running', {
            running: containers.running,
            all: containers.managed + containers.unmanaged,
          }),
          <CpuMeter key={id} {...amounts} />,
          <MemoryMeter key={id} {...amounts} />,
          engine?.serverVersion ?? '',
          dataAddress,
        ];
      }}
    />
  );
}
