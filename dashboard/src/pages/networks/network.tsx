import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { AskedFor } from '../../parts/asked-for.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { shellWord } from '../../parts/format.ts';
import { RoleButton } from '../../parts/role-button.tsx';
import { Moment } from '../../parts/time.tsx';
import { AddressCard } from './address-card.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { Members } from './members.tsx';
import { removeNetwork } from './network-actions.ts';
import { Chips } from './networks.tsx';
import { ReachDialog } from './reach-dialog.tsx';
import './networks.css';
import { words } from './words.ts';

const route = getRouteApi('/networks/$network');

export function NetworkPage() {
  const t = useText();
  const w = useWords(words);
  const { network } = route.useParams();
  useTitle(network);
  const { data, error } = useLiveQuery(['network', network], (signal) =>
    client.call('network.get', { network }, { signal }),
  );
  const gone = {
    ...{ title: w('gone', { name: network.slice(0, 64) }), hint: w('goneHint') },
    to: '/networks',
    label: t('nav.networks'),
  } as const;
  return (
    <AskedFor data={data} error={error} gone={gone}>
      {(found) => <Network key={found.id} network={found} />}
    </AskedFor>
  );
}

function Network({ network }: Readonly<{ network: NetworkDetail }>) {
  const w = useWords(words);
  const [isConnecting, setConnecting] = useState(false);
  const [isTesting, setTesting] = useState(false);
  const { id, name, scope, members } = network;
  const addresses = useLiveQuery(['addresses', id], (signal) =>
    scope === 'cluster'
      ? client.call('ip.list', { network: id }, { signal })
      : Promise.resolve({ network: name, pools: [], addresses: [] }),
  );
  const reserved =
    addresses.data?.addresses.filter(({ reservedFor }) => reservedFor !== undefined).length ?? 0;
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <Chips network={network} />
        <div className="head-side">
          <RoleButton needs="operator" variant="default" onClick={() => setTesting(true)}>
            {w('test')}
          </RoleButton>
          <RoleButton needs="operator" variant="default" onClick={() => setConnecting(true)}>
            {w('connect')}
          </RoleButton>
          {!network.builtIn && <ActionButtons actions={[removeNetwork(network, reserved, w)]} />}
          <CopyAs
            way={{
              cli: `docker network inspect ${shellWord(name)}`,
              route: 'network.get',
              input: { network: id },
            }}
          />
        </div>
      </div>
      <div className="grid">
        <Facts network={network} />
        <AddressCard network={network} addresses={addresses.data} error={addresses.error} />
      </div>
      <section className="card rows" aria-labelledby="members">
        <div className="card-body" style={{ paddingBottom: 0 }}>
          <h2 id="members">
            {w('members')} <span className="note">{members.length}</span>
          </h2>
        </div>
        {members.length === 0 && (
          <Empty title={w('membersNone')} hint={w('membersHint', { name: shellWord(name) })} />
        )}
        {members.length > 0 && <Members network={network} />}
      </section>
      {isTesting && <ReachDialog members={members} onClose={() => setTesting(false)} />}
      {isConnecting && <ConnectDialog network={network} onClose={() => setConnecting(false)} />}
    </>
  );
}

function Facts({ network }: Readonly<{ network: NetworkDetail }>) {
  const w = useWords(words);
  const { id, driver, scope, hostNames, pools, mtu, vni, vlanId, uplink, backend, stack } = network;
  const { createdAt, createdBy } = network;
  const at = Date.parse(createdAt);
  const [before = '', after = ''] = w('createdBy', { time: '\0', user: createdBy }).split('\0');
  return (
    <section className="card card-body">
      <h2>{w('facts')}</h2>
      <dl className="facts">
        <dt>{w('driver')}</dt>
        <dd>{driver}</dd>
        <dt>{w('span')}</dt>
        <dd>{scope === 'cluster' ? w('span.cluster') : w('span.host')}</dd>
        <dt>{w('hosts')}</dt>
        <dd>
          {hostNames.length === 0 && w('noHosts')}
          {hostNames.map((host, index) => (
            <span key={host}>
              {index > 0 && ', '}
              <Link to="/hosts/$host" params={{ host }}>
                {host}
              </Link>
            </span>
          ))}
        </dd>
        {pools.map(({ subnet, gateway }) => (
          <Pool key={subnet} subnet={subnet} gateway={gateway} />
        ))}
        {vlanId !== undefined && <Fact name={w('vlan')} value={String(vlanId)} />}
        {uplink !== undefined && <Fact name={w('uplink')} value={uplink} />}
        {backend !== undefined && <Fact name={w('backend')} value={backend} />}
        {vni !== undefined && <Fact name={w('vni')} value={String(vni)} />}
        {mtu > 0 && <Fact name={w('mtu')} value={w('bytes', { n: mtu })} />}
        {stack !== '' && <Fact name={w('stack')} value={stack} />}
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
        <dt>{w('id')}</dt>
        <dd className="mono">{id.slice(0, 12)}</dd>
      </dl>
    </section>
  );
}

function Fact({ name, value }: Readonly<{ name: string; value: string }>) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </>
  );
}

function Pool({ subnet, gateway }: Readonly<{ subnet: string; gateway: string | undefined }>) {
  const w = useWords(words);
  return (
    <>
      <dt>{w('subnet')}</dt>
      <dd className="mono">{subnet}</dd>
      {gateway !== undefined && (
        <>
          <dt>{w('gateway')}</dt>
          <dd className="mono">{gateway}</dd>
        </>
      )}
    </>
  );
}
