import type { Orphan } from '../../model/life.ts';
import { normalMac } from '../../model/mac.ts';
import type { Network } from '../../model/objects.ts';
import { say } from '../../model/said/index.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { holderText } from './holder-text.ts';
import { numberedAlike, putSpanning } from './make-network.ts';
import { isSpanning } from './spanning.ts';
import { elsewhere, takeEndpoint } from './take-address.ts';

type Held = NonNullable<Orphan['held']>;
type Made = Pick<Network, 'createdAt' | 'createdBy'>;

/**
 * Why the networks of a container that a state which was put back does not know cannot be taken in as they are; undefined
 * where they can.
 */
export function networkProblem(tx: ReadTx, { needs }: Held, name: string): string | undefined {
  for (const { id, spec, span, endpoint } of needs.networks) {
    if (span === undefined) continue;
    if (tx.get('networks', id) === undefined) {
      const [named] = tx.by('networks', 'name', spec.Name);
      if (named !== undefined) return say('hosts.orphan.network', { name: spec.Name });
      const numbered = numberedAlike(tx, span);
      if (numbered !== undefined)
        return say('hosts.orphan.vni', { other: numbered.name, vni: span.vni ?? '', name: spec.Name });
    }
    for (const ip of [endpoint?.ipv4, endpoint?.ipv6]) {
      const record = ip === undefined ? undefined : tx.get('addresses', `${id}/${ip}`);
      if (record === undefined) continue;
      const open = record.holder.kind === 'none' && (record.reservedFor ?? name) === name;
      if (open) continue;
      const holder = holderText(tx, record);
      return say('hosts.orphan.address', { address: record.ip, name: spec.Name, holder });
    }
  }
  return undefined;
}

/** Takes them in, with the addresses that the container has: nothing changes for it. */
export function adoptNetworks(tx: WriteTx, orphan: Orphan, { needs }: Held, made: Made): void {
  // From here on its addresses are its own, and no orphan's.
  tx.delete('orphans', `${orphan.hostId}/${orphan.id}`);
  for (const { id, spec, span, endpoint } of needs.networks) {
    const known = tx.get('networks', id);
    const base = { kind: 'network' as const, id, name: spec.Name, ...made, spec };
    if (span === undefined) {
      if (known === undefined) tx.put('networks', { ...base, hostId: orphan.hostId });
      continue;
    }
    if (known === undefined) putSpanning(tx, { ...base, span });
    const network = tx.get('networks', id);
    if (!isSpanning(network) || endpoint === undefined) continue;
    const { ipv4, ipv6 } = endpoint;
    const mac = normalMac(endpoint.mac);
    takeEndpoint(tx, made.createdAt, {
      ...{ network, holder: { kind: 'container', id: orphan.id }, name: orphan.name },
      ...(mac === undefined ? {} : { mac }),
      ...(ipv4 === undefined ? {} : { ipv4 }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
    });
  }
}

/**
 * For an orphan that is to be removed: until its host has done so it runs with its addresses. What has become another's
 * meanwhile stays as it is.
 */
export function holdAddresses(tx: WriteTx, orphan: Orphan, made: Made): void {
  const { held } = orphan;
  if (held === undefined) return;
  // Its own address is no other one's.
  tx.delete('orphans', `${orphan.hostId}/${orphan.id}`);
  const networks = held.needs.networks.filter(({ id, span, endpoint }) => {
    if (span === undefined) return false;
    const others = elsewhere(tx, { id, span });
    return ![endpoint?.ipv4, endpoint?.ipv6].some((ip) => ip !== undefined && others.has(ip));
  });
  const free = { ...held, needs: { ...held.needs, networks } };
  if (networkProblem(tx, free, orphan.name) === undefined) adoptNetworks(tx, orphan, free, made);
}
