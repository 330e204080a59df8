import type { Address } from '../../../model/address.ts';
import { contains, parseIp, parseSubnet } from '../../../model/ip.ts';
import { userLabels } from '../../../model/labels.ts';
import type { Span } from '../../../model/span.ts';
import type { ReadTx } from '../../../store/store.ts';
import type { SpanningNetwork } from '../../networks/spanning.ts';

type Raw = Readonly<Record<string, unknown>>;

/**
 * A network that spans hosts as clients see it, from its record. Scope is `global`: what it is in Docker for networks of
 * all hosts; `swarm` would make clients ask for swarm mode.
 */
export function spanningView({ id, name, createdAt, span, spec }: SpanningNetwork): Raw {
  const labels = typeof spec.Labels === 'object' && spec.Labels !== null ? spec.Labels : {};
  return {
    Name: name,
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Scope: 'global',
    Driver: span.driver,
    EnableIPv6: span.pools.some(({ subnet }) => subnet.includes(':')),
    IPAM: {
      Driver: 'default',
      Options: {},
      Config: span.pools.map(({ subnet, range, gateway, aux }) => ({
        Subnet: subnet,
        ...(range === undefined ? {} : { IPRange: range }),
        ...(gateway === undefined ? {} : { Gateway: gateway }),
        ...(aux === undefined ? {} : { AuxiliaryAddresses: aux }),
      })),
    },
    Internal: span.internal,
    Attachable: true,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: { ...(typeof spec.Options === 'object' ? spec.Options : {}), ...shownOptions(span) },
    Labels: userLabels(labels as Record<string, string>),
  };
}

/**
 * What was chosen where nothing was said, as Docker's overlay driver shows it. Nothing else: docker-compose takes any other
 * option that it has not given itself for a change of the network (compose/network.py: OPTS_EXCEPTIONS).
 */
function shownOptions({ vni }: Span): Record<string, string> {
  return vni === undefined ? {} : { 'com.docker.network.driver.overlay.vxlanid_list': String(vni) };
}

/** The containers that have an address in it, on any host, as `Containers` of `GET /networks/<id>`. */
export function spanningContainers(tx: ReadTx, { id, span }: SpanningNetwork): Raw {
  const found: Record<string, Record<string, string>> = {};
  for (const { ip, mac, holder } of tx.by('addresses', 'network', id)) {
    const named = holderOf(tx, holder);
    if (named === undefined) continue;
    const prefix = prefixOf(span, ip);
    const known = found[named.id] ?? {
      ...{
        Name: named.name,
        EndpointID: named.endpointId,
        MacAddress: mac,
        IPv4Address: '',
        IPv6Address: '',
      },
    };
    found[named.id] = { ...known, [ip.includes(':') ? 'IPv6Address' : 'IPv4Address']: `${ip}/${prefix}` };
  }
  return found;
}

type Named = Readonly<{ id: string; name: string; endpointId: string }>;

function holderOf(tx: ReadTx, holder: Address['holder']): Named | undefined {
  if (holder.kind === 'container') {
    const container = tx.get('containers', holder.id);
    // The engine's endpoint has another ID on each host, and none while the container does not run.
    return container && { id: holder.id, name: container.name, endpointId: '' };
  }
  if (holder.kind !== 'endpoint') return undefined;
  const { hostId, endpointId, name } = holder;
  const host = tx.get('hosts', hostId)?.name ?? hostId;
  return { id: `ep-${endpointId}`, name: `${host}/${name ?? endpointId.slice(0, 12)}`, endpointId };
}

/** Prefix length of the pool that has the address. */
function prefixOf({ pools }: Span, ip: string): string {
  const parsed = parseIp(ip);
  for (const { subnet } of pools) {
    const pool = parseSubnet(subnet);
    if (parsed !== undefined && pool !== undefined && contains(pool, parsed)) return String(pool.prefix);
  }
  return ip.includes(':') ? '128' : '32';
}
