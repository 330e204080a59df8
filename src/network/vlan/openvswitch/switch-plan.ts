import type { Elsewhere, Place } from '../backend.ts';
import { isContainersPortOf, serviceNames, switchName } from '../device-names.ts';
import type { Links } from '../links.ts';
import { takenByNetwork } from '../vlan-device.ts';
import { MADE, PROTECTED_HERE, type SwitchPort, type SwitchState } from './switch-state.ts';

/** How Open vSwitch moves frames: in the kernel (`system`), or in its own process (`netdev`). */
export type Datapath = 'system' | 'netdev';

/** Longer than the switch takes for a change; without it `ovs-vsctl` waits for ever where the switch does not run. */
const VSCTL = ['ovs-vsctl', '--timeout=10'] as const;

/** One transaction of the switch's database: all of it, or nothing. Empty where there is nothing to do. */
export type Transaction = readonly (readonly string[])[];

export function argvOf(transaction: Transaction): string[] {
  return [...VSCTL, ...transaction.flatMap((command, i) => (i === 0 ? command : ['--', ...command]))];
}

/** Tag 0 is an access port for frames without a tag; a port without a tag would carry every VLAN. */
const tagOf = ({ vlanId }: Place) => vlanId ?? 0;

/** The switch on which the uplink is, else the one that is made for it. */
export function bridgeFor(state: SwitchState, { uplink }: Place): string {
  return state.ports.get(uplink)?.bridge ?? switchName(uplink);
}

/**
 * What keeps the uplink from being used. An interface that becomes a port of a switch gives all its frames to that: an
 * address which sits on it is cut off from its network.
 */
export function switchObstacle(state: SwitchState, links: Links, place: Place): string | undefined {
  const port = state.ports.get(place.uplink);
  const other = [...state.ports.values()].find(
    ({ bridge, tag, mark }) =>
      bridge === port?.bridge &&
      tag === tagOf(place) &&
      mark !== '' &&
      mark !== place.networkId &&
      mark !== PROTECTED_HERE,
  );
  if (other !== undefined) return takenByNetwork(place, other.mark);
  if (port !== undefined) return undefined;
  const link = links.get(place.uplink);
  if (link?.master !== undefined)
    return `${place.uplink} is a port of ${link.master} already: take it out of that, or name another uplink`;
  if (link !== undefined && link.addresses.length > 0) {
    return `${place.uplink} has the address ${link.addresses.join(', ')}, and as a port of Open vSwitch this host would be cut off from it: put ${place.uplink} into a bridge of Open vSwitch yourself and give the address to that bridge, or name an uplink without address`;
  }
  return undefined;
}

/** Uplink (a trunk, so without a tag) and port of names: two protected ports do not reach each other. */
export function ensureSwitch(
  state: SwitchState,
  place: Place,
  datapath: Datapath,
  serviceEnd: string,
): Transaction {
  const { uplink, networkId } = place;
  const bridge = bridgeFor(state, place);
  const port = state.ports.get(uplink);
  const service = state.ports.get(serviceEnd);
  return [
    ...(state.bridges.has(bridge)
      ? []
      : [
          ['add-br', bridge],
          ['set', 'Bridge', bridge, `datapath_type=${datapath}`, `external_ids:berth=${MADE}`],
        ]),
    ...(port === undefined ? [['add-port', bridge, uplink]] : []),
    ...(port?.protected === true
      ? []
      : [['set', 'Port', uplink, 'protected=true', `external_ids:berth=${PROTECTED_HERE}`]]),
    ...(service?.bridge === bridge && service.tag === tagOf(place) && service.protected
      ? []
      : [
          ['--if-exists', 'del-port', serviceEnd],
          ['add-port', bridge, serviceEnd, `tag=${tagOf(place)}`],
          ['set', 'Port', serviceEnd, 'protected=true', `external_ids:berth=${networkId}`],
        ]),
    // a machine that was switched off keeps ports in the database, and not their interfaces
    ...[...state.ports.values()]
      .filter((port) => isOfNetwork(port) && !port.present && port.name !== serviceEnd)
      .map(({ name }) => ['--if-exists', 'del-port', name]),
  ];
}

/** An access port for a container. */
export function addPort(state: SwitchState, place: Place, hostEnd: string): Transaction {
  return [
    ['--may-exist', 'add-port', bridgeFor(state, place), hostEnd, `tag=${tagOf(place)}`],
    ['set', 'Port', hostEnd, `external_ids:berth=${place.networkId}`],
  ];
}

export function removePort(hostEnd: string): Transaction {
  return [['--if-exists', 'del-port', hostEnd]];
}

/** The network's ports; and with the last network what was made for all of them. */
export function removeFromSwitch(state: SwitchState, place: Place): Transaction {
  const own = [...state.ports.values()].filter(({ mark }) => mark === place.networkId);
  const bridge = state.ports.get(place.uplink)?.bridge ?? switchName(place.uplink);
  const others = [...state.ports.values()].some(
    (port) => port.bridge === bridge && isOfNetwork(port) && port.mark !== place.networkId,
  );
  return [
    ...own.map(({ name }) => ['--if-exists', 'del-port', name]),
    ...(others ? [] : undo(state, place, bridge)),
  ];
}

/** Whether something of the network is on the switch. */
export function isOnSwitch(state: SwitchState, { networkId }: Place): boolean {
  const { host } = serviceNames(networkId);
  return state.ports.has(host) || [...state.ports.values()].some(({ mark }) => mark === networkId);
}

/** Where the network's ports are on a switch with another uplink: of its ports, the one that was protected as such. */
export function switchedElsewhere(state: SwitchState, { networkId, uplink }: Place): Elsewhere | undefined {
  const own = [...state.ports.values()].filter(({ mark }) => mark === networkId);
  const bridges = new Set(own.map(({ bridge }) => bridge));
  const uplinks = [...state.ports.values()].filter(
    ({ bridge, mark }) => mark === PROTECTED_HERE && bridges.has(bridge),
  );
  const [other] = uplinks;
  if (other === undefined || uplinks.some(({ name }) => name === uplink)) return undefined;
  const inUse = own.some(({ name, present }) => present && isContainersPortOf(networkId, name));
  return { uplink: other.name, inUse };
}

/** `isOnSwitch` by what the kernel alone shows. */
export function isSwitched(links: Links, { networkId }: Place): boolean {
  const service = links.get(serviceNames(networkId).host);
  return service !== undefined && links.get(service.master ?? '')?.kind !== 'bridge';
}

function undo(state: SwitchState, { uplink }: Place, bridge: string): Transaction {
  const port = state.ports.get(uplink);
  if (state.bridges.get(bridge)?.made === true) {
    // what an operator has put into a switch of ours keeps it
    const foreign = [...state.ports.values()].some(
      ({ name, mark, bridge: of }) => of === bridge && mark === '' && name !== bridge,
    );
    if (!foreign) return [['--if-exists', 'del-br', bridge]];
  }
  if (port?.mark !== PROTECTED_HERE) return [];
  return [
    ['set', 'Port', uplink, 'protected=false'],
    ['remove', 'Port', uplink, 'external_ids', 'berth'],
  ];
}

const isOfNetwork = ({ mark }: SwitchPort) => mark !== '' && mark !== PROTECTED_HERE;
