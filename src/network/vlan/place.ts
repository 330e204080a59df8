import { isIPv4 } from 'node:net';
import { BerthError } from '../../kit/errors.ts';
import { isInterfaceName } from '../../model/interface-name.ts';
import type { HostNetwork } from '../driver.ts';
import type { Place } from './backend.ts';

/** `eth0.217`: as users of Docker's macvlan driver write a VLAN on an interface (`-o parent=eth0.217`). */
const PARENT = /^(.+)\.([1-9][0-9]{0,3})$/;
const LAST_VLAN = 4094;

/**
 * Where a network lies on this host: on the interface that it names, else on the one that the host was given.
 * @throws BerthError `bad_request` where there is none, or no such interface or VLAN can be
 */
export function placeOf({ id, span }: HostNetwork, hostUplink: string | undefined): Place {
  const named = span.uplink ?? hostUplink;
  if (named === undefined) {
    throw new BerthError(
      'bad_request',
      'this host does not know which of its interfaces leads to the VLANs of the switch',
      {
        hint: 'start its agent with --vlan-uplink IF, or create the network with --opt uplink=IF',
      },
    );
  }
  const { uplink, vlanId } = taggedOf(named, span.vlanId);
  if (!isInterfaceName(uplink)) {
    throw new BerthError('bad_request', `"${uplink}" cannot be the name of an interface`, {
      hint: '"ip link" lists the interfaces of a host',
    });
  }
  return {
    networkId: id,
    uplink,
    vlanId,
    mtu: span.mtu,
    subnets: span.pools.map(({ subnet }) => subnet).filter((subnet) => isIPv4(subnet.split('/')[0] ?? '')),
  };
}

/** `eth1`, or `VLAN 217 on eth1`, for messages. */
export function wordsOf({ uplink, vlanId }: Pick<Place, 'uplink' | 'vlanId'>): string {
  return vlanId === undefined ? uplink : `VLAN ${vlanId} on ${uplink}`;
}

function taggedOf(named: string, vlanId: number | undefined): Pick<Place, 'uplink' | 'vlanId'> {
  const [, uplink, id] = PARENT.exec(named) ?? [];
  if (uplink === undefined || Number(id) > LAST_VLAN) return { uplink: named, vlanId };
  if (vlanId !== undefined && vlanId !== Number(id)) {
    throw new BerthError('bad_request', `the uplink ${named} is VLAN ${id}, and VlanId is ${vlanId}`, {
      hint: `leave one of them out, or say uplink=${uplink}`,
    });
  }
  return { uplink, vlanId: Number(id) };
}
