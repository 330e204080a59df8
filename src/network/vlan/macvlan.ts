import type { Run } from '../commands.ts';
import { type Elsewhere, type Place, type Port, unusable, usable, type VlanBackend } from './backend.ts';
import { isPortOf } from './device-names.ts';
import { ipBatch, removeLink, removeNamespace } from './ip.ts';
import { type Links, readLinks } from './links.ts';
import { wordsOf } from './place.ts';
import { tryKind } from './trial.ts';
import {
  carrierLines,
  carrierName,
  carrierObstacle,
  carrierOf,
  isOwnCarrier,
  ownCarriers,
  uplinkOf,
} from './vlan-device.ts';

/**
 * A macvlan interface for each container, in bridge mode, over an 802.1q interface; over the uplink itself where frames have
 * no tag. Needs the least, and leaves the host's address where it is. But nothing on the host reaches its containers, not
 * even what answers names: what is sent there goes out on the uplink.
 */
export function macvlan(run: Run): VlanBackend {
  return {
    name: 'macvlan',
    preflight: () => tryKind(run, 'macvlan'),
    check: async (place) => {
      const links = await readLinks(run);
      const obstacle = carrierObstacle(links, place) ?? macvlanObstacle(links, place);
      if (obstacle !== undefined) return unusable(obstacle);
      if (place.vlanId !== undefined && carrierOf(links, place) === undefined) {
        const tags = await tryKind(run, 'vlan');
        if (!tags.usable) return tags;
      }
      return usable(`${wordsOf(place)} by macvlan`);
    },
    holds: async (place) => isOnMacvlan(await readLinks(run), place),
    elsewhere: async (place) => macvlanElsewhere(await readLinks(run), place),
    ensure: async (place) => ipBatch(run, carrierLines(await readLinks(run), place)),
    remove: async (place) => ipBatch(run, removeLines(await readLinks(run), place)),
    attach: async (place, port) => ipBatch(run, attachLines(await readLinks(run), place, port)),
    detach: async (_place, port) => {
      await removeLink(run, port.container);
      await removeNamespace(run, port.namespace);
    },
    connectService: undefined,
  };
}

/** A port of a bridge or of a bond gives its frames to that, and a macvlan on it would never see one. */
export function macvlanObstacle(links: Links, place: Place): string | undefined {
  const carrier = carrierOf(links, place);
  if (carrier?.master === undefined) return undefined;
  return `${carrier.name} is a port of ${carrier.master}: name ${carrier.master} as the uplink`;
}

/** Lines for `ip -batch -`. */
export function attachLines(links: Links, place: Place, port: Port): string[] {
  return [
    `link add link ${carrierName(links, place)} name ${port.container} address ${port.mac} mtu ${place.mtu} netns ${port.namespace} type macvlan mode bridge`,
  ];
}

/** Lines for `ip -batch -`. */
export function removeLines(links: Links, place: Place): string[] {
  const carrier = carrierOf(links, place);
  return carrier !== undefined && isOwnCarrier(links, place) ? [`link delete dev ${carrier.name}`] : [];
}

/** Over an uplink without tags nothing of a network shows on the host but what has not got into a container, or is back. */
export function isOnMacvlan(links: Links, place: Place): boolean {
  const own = [...links.values()].some(
    ({ name, kind }) => kind === 'macvlan' && isPortOf(place.networkId, name),
  );
  return own || (isOwnCarrier(links, place) && carrierOf(links, place)?.master === undefined);
}

/**
 * On another uplink. The containers' interfaces do not show from here, and would go with the VLAN interface; without tags
 * nothing shows at all, and a container stays on its uplink until it is started again.
 */
export function macvlanElsewhere(links: Links, place: Place): Elsewhere | undefined {
  const other = ownCarriers(links, place).find(
    (link) => link.master === undefined && uplinkOf(link) !== place.uplink,
  );
  return other === undefined ? undefined : { uplink: uplinkOf(other), inUse: true };
}
