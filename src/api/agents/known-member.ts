import { normalIp } from '../../model/ip.ts';
import type { Member } from '../../model/span.ts';
import { seenOn } from '../../store/seen.ts';
import type { ReadTx } from '../../store/store.ts';
import { endpointIn } from '../networks/spanning.ts';
import { holdersOf } from './assignment-of.ts';
import type { KeyedHost } from './derived-keys.ts';
import { type MemberParts, memberOf } from './member-of.ts';
import { orphanEndpoint } from './orphan-members.ts';

/** A member, and the hosts that are on the network for its sake. `text` is the member as JSON. */
export type Known = Readonly<{ member: Member; text: string; hostIds: readonly string[] }>;

/** What the store says of a member now; undefined where it is none. */
export function knownOf(tx: ReadTx, networkId: string, id: string): Known | undefined {
  const found = id.includes('/')
    ? plainMember(tx, networkId, id)
    : (containerMember(tx, networkId, id) ?? orphanMember(tx, networkId, id));
  return found && { ...found, text: JSON.stringify(found.member) };
}

/** A container that a state which was put back does not know, as its host holds it. */
function orphanMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  for (const orphan of tx.by('orphans', 'id', id)) {
    const { name, hostId, held } = orphan;
    const endpoint = orphanEndpoint(tx, networkId, orphan);
    if (endpoint === undefined || held === undefined) continue;
    const seen = seenOn(tx, id, hostId);
    const { desired, probes } = held;
    const container = { id, name, desired, probes, assigned: { hostId } };
    const member = memberOf({ networkId, container, endpoint, ...hostOf(tx, hostId), seen });
    return { member, hostIds: [hostId] };
  }
  return undefined;
}

function containerMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  const container = tx.get('containers', id);
  const endpoint = container && endpointIn(tx, id, networkId);
  if (container === undefined || endpoint === undefined) return undefined;
  const { hostId } = container.assigned;
  const seen = seenOn(tx, id, hostId);
  const member = memberOf({ networkId, container, endpoint, ...hostOf(tx, hostId), seen });
  return { member, hostIds: holdersOf(container) };
}

/** One of plain docker on a host: its engine has it for as long as it runs. */
function plainMember(tx: ReadTx, networkId: string, id: string): Omit<Known, 'text'> | undefined {
  const [hostId = '', endpointId = ''] = id.split('/');
  let member: Member | undefined;
  for (const { networkId: own, ip, mac, holder } of tx.by('addresses', 'host', hostId)) {
    if (own !== networkId || holder.kind !== 'endpoint' || holder.endpointId !== endpointId) continue;
    const { via, probed, hostUp } = hostOf(tx, hostId);
    const probe = probed === true ? { probed } : {};
    const names = holder.name === undefined ? [] : [holder.name.toLowerCase()];
    const address = ip.includes(':') ? { ipv6: ip } : { ipv4: ip };
    member = { ...member, ...address, mac, id, hostId, via, ...probe, names, up: hostUp };
  }
  return member && { member, hostIds: [hostId] };
}

/** A host as keys are made for it. */
export function keyedHost(tx: ReadTx, id: string): KeyedHost {
  const life = tx.get('hosts', id)?.kernelLife;
  return { id, address: hostOf(tx, id).via, ...(life === undefined ? {} : { life }) };
}

type HostParts = Pick<MemberParts, 'via' | 'probed' | 'hostUp' | 'hostReported'>;

/**
 * Where a host is and how it is. One that has not been heard since the manager started is where it was last, and not down
 * until it has been silent for long: its containers run on, and others speak with them.
 */
export function hostOf(tx: ReadTx, hostId: string): HostParts {
  const host = tx.get('hosts', hostId);
  const status = tx.get('hostStatus', hostId);
  return {
    // What a host says goes into the others' lines for `ip` and `bridge`.
    via: normalIp(status?.dataAddress || host?.dataAddress || '') ?? '',
    probed: host?.probed === true,
    hostUp: host !== undefined && status?.state !== 'down',
    hostReported: status?.reported === true,
  };
}
