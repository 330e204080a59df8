import type { NetworkDetail, NetworkView, networkRoutes } from '../../contract/v1/networks.ts';
import { COMPOSE_LABELS } from '../../model/labels.ts';
import type { ReadTx } from '../../store/store.ts';
import { type FoundNetwork, findNetwork, hostName, shownName } from '../docker/networks/find-network.ts';
import { allNetworks, PREDEFINED } from '../docker/networks/list.ts';
import { networkView } from '../docker/networks/network-view.ts';
import { shownFields } from '../hidden-values.ts';
import { isSpanning } from '../networks/spanning.ts';
import { takenOf } from './addresses.ts';
import type { Handlers } from './handler.ts';
import { networkKey, networkMembers, networkUsers, type Users } from './network-members.ts';

type Raw = Readonly<Record<string, unknown>>;

export const networkHandlers: Handlers<keyof typeof networkRoutes> = {
  'network.list': ({ deps }) =>
    deps.store.view((tx) => {
      const users = networkUsers(tx);
      const now = deps.clock.now();
      const networks = allNetworks(tx).map((found) => viewOf(tx, found, users.get(networkKey(found)), now));
      return { networks: networks.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    }),

  'network.get': ({ deps, params, principal }) =>
    deps.store.view((tx) =>
      shownFields(detailOf(tx, findNetwork(tx, params.network), deps.clock.now()), principal.role),
    ),

  'network.create': async ({ deps, body, principal, about }) => {
    about(body.name);
    return { id: await deps.networks.create(body, principal.user) };
  },

  'network.test': async ({ deps, body: { from, to, port }, about }) => {
    about(`${from} ${to}${port === undefined ? '' : `:${port}`}`);
    return deps.networks.test(from, to, port);
  },

  'network.remove': async ({ deps, params, about }) => {
    about(params.network);
    await deps.networks.remove(params.network);
    return {};
  },

  'network.connect': async ({ deps, params, body: { container, ...asked }, about }) => {
    about(`${params.network}/${container}`);
    await deps.networks.connect(params.network, container, asked);
    return {};
  },

  'network.disconnect': async ({ deps, params: { network, container }, about }) => {
    about(`${network}/${container}`);
    await deps.networks.disconnect(network, container);
    return {};
  },
};

function viewOf(tx: ReadTx, found: FoundNetwork, users: Users | undefined, now: number): NetworkView {
  const raw = networkView(tx, found);
  const spans = found.kind === 'cluster' && isSpanning(found.record) ? found.record : undefined;
  const hostId = found.kind === 'cluster' ? found.record.hostId : found.hostId;
  const hostIds = spans === undefined ? [hostId].flatMap((id) => id ?? []) : [...(users?.hostIds ?? [])];
  const own = found.kind === 'cluster' ? found.record.name : found.seen.name;
  const pools = spans === undefined ? [] : takenOf(tx, spans, now);
  return {
    id: String(raw.Id),
    name: shownName(tx, found),
    driver: String(raw.Driver),
    scope: spans === undefined ? 'host' : 'cluster',
    managed: found.kind === 'cluster',
    builtIn: PREDEFINED.has(own),
    internal: raw.Internal === true,
    encrypted: spans?.span.encrypted === true,
    subnets: poolsOf(raw).map(({ subnet }) => subnet),
    hostNames: hostIds.map((id) => hostName(tx, id)).sort(),
    containers: users?.containers ?? 0,
    stack: labelsOf(raw)[COMPOSE_LABELS.project] ?? '',
    ...(spans === undefined
      ? {}
      : {
          addresses: {
            size: String(pools.reduce((sum, { size }) => sum + BigInt(size), 0n)),
            taken: pools.reduce((sum, { taken }) => sum + taken, 0),
          },
        }),
  };
}

function detailOf(tx: ReadTx, found: FoundNetwork, now: number): NetworkDetail {
  const raw = networkView(tx, found);
  const members = networkMembers(tx, found);
  const record = found.kind === 'cluster' ? found.record : undefined;
  const { mtu = 0, vni, vlanId, backend, uplink } = record?.span ?? {};
  const hostIds = new Set(
    members.flatMap(({ hostName: name }) => [...tx.by('hosts', 'name', name)].map(({ id }) => id)),
  );
  return {
    ...viewOf(tx, found, { containers: members.length, hostIds }, now),
    pools: [...poolsOf(raw)],
    mtu,
    ...(vni === undefined ? {} : { vni }),
    ...(vlanId === undefined ? {} : { vlanId }),
    ...(backend === undefined ? {} : { backend }),
    ...(uplink === undefined ? {} : { uplink }),
    labels: labelsOf(raw),
    createdAt: String(raw.Created ?? ''),
    createdBy: record?.createdBy ?? '',
    members: [...members],
  };
}

function poolsOf(raw: Raw): readonly NetworkDetail['pools'][number][] {
  const configs = (raw.IPAM as Raw | null | undefined)?.Config;
  if (!Array.isArray(configs)) return [];
  return configs.flatMap(({ Subnet, IPRange, Gateway }: Raw) =>
    typeof Subnet !== 'string' || Subnet === ''
      ? []
      : [
          {
            subnet: Subnet,
            ...(typeof IPRange === 'string' && IPRange !== '' ? { range: IPRange } : {}),
            ...(typeof Gateway === 'string' && Gateway !== '' ? { gateway: Gateway } : {}),
          },
        ],
  );
}

function labelsOf({ Labels }: Raw): Readonly<Record<string, string>> {
  return typeof Labels === 'object' && Labels !== null ? (Labels as Record<string, string>) : {};
}
