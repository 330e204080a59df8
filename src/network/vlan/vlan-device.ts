import { say } from '../../model/said/index.ts';
import type { Place } from './backend.ts';
import { vlanDeviceName } from './device-names.ts';
import type { Link, Links } from './links.ts';
import { wordsOf } from './place.ts';

/** How a VLAN interface that this driver has made is told from an operator's: its alias begins so, the network's ID follows. */
const MARK = 'berth-vlan:';

const markOf = ({ networkId }: Place) => `${MARK}${networkId}`;

/** The 802.1q interface of the place, whatever it is called, or the uplink itself where frames have no tag. */
export function carrierOf(links: Links, { uplink, vlanId }: Place): Link | undefined {
  if (vlanId === undefined) return links.get(uplink);
  return [...links.values()].find((link) => link.parent === uplink && link.vlanId === vlanId);
}

export function carrierName(links: Links, place: Place): string {
  const { uplink, vlanId } = place;
  if (vlanId === undefined) return uplink;
  return carrierOf(links, place)?.name ?? vlanDeviceName(uplink, vlanId);
}

/** Lines for `ip -batch -` that make what is not there of it, and bring it up. */
export function carrierLines(links: Links, place: Place): string[] {
  const { uplink, vlanId } = place;
  const name = carrierName(links, place);
  const made =
    vlanId === undefined || carrierOf(links, place) !== undefined
      ? []
      : [
          `link add link ${uplink} name ${name} type vlan id ${vlanId}`,
          `link set dev ${name} alias ${markOf(place)}`,
          `link set dev ${name} addrgenmode none`,
        ];
  return [...made, `link set dev ${uplink} up`, ...(vlanId === undefined ? [] : [`link set dev ${name} up`])];
}

/** True where this driver made it for this network, so that it goes with it. */
export function isOwnCarrier(links: Links, place: Place): boolean {
  return carrierOf(links, place)?.alias === markOf(place);
}

/** The uplinks on which this driver has made a VLAN interface for the network. */
export function ownCarriers(links: Links, place: Place): readonly Link[] {
  return [...links.values()].filter(({ alias }) => alias === markOf(place));
}

/** The interface that a VLAN interface lies on; any other one is an uplink itself. */
export function uplinkOf({ kind, parent, name }: Link): string {
  return kind === 'vlan' && parent !== undefined ? parent : name;
}

/** What keeps the network from lying there: no such uplink, one too narrow, another network of the cluster. */
export function carrierObstacle(links: Links, place: Place): string | undefined {
  const uplink = links.get(place.uplink);
  if (uplink === undefined) return noUplink(links, place.uplink);
  if (uplink.mtu < place.mtu) {
    return `${place.uplink} carries ${uplink.mtu} bytes, and the network's MTU is ${place.mtu}: raise the one or create the network with a smaller mtu`;
  }
  const carrier = carrierOf(links, place);
  if (carrier?.alias.startsWith(MARK) === true && carrier.alias !== markOf(place))
    return takenByNetwork(place, carrier.alias.slice(MARK.length));
  return undefined;
}

/** One VLAN is one network: names and their address are one for all that is on it. */
export function takenByNetwork(place: Place, other: string): string {
  return `${wordsOf(place)} is network ${other.slice(0, 12)} of the cluster already: give that one a second --subnet instead`;
}

function noUplink(links: Links, uplink: string): string {
  const others = [...links.values()].filter(({ kind, name }) => kind === '' && name !== 'lo');
  const names = others.map(({ name }) => name).join(', ') || 'none';
  return say('hosts.driver.uplink', { name: uplink, others: names });
}
