import { say } from '../../model/said/index.ts';
import type { HostView } from '../host-view.ts';
import { type PortNeed, PortTable, rangeText, sameAddress, specificIp } from '../ports.ts';
import { composePlace } from '../request.ts';
import type { Filter } from './filter.ts';

/**
 * A host port is held by running, stopped and pending containers alike, per address and protocol. Compared with classic
 * Swarm, protocols are kept apart, a container in the host's network also keeps others from publishing its ports, and
 * the stopped container that docker-compose replaces keeps its successor from nothing.
 */
export const port: Filter = {
  name: 'port',
  prepare: ({ ports, labels }) => {
    if (ports.length === 0) return [];
    const place = composePlace(labels);
    const missing = (host: HostView) => {
      const need = host.ports.missing(ports);
      return need === undefined || place === undefined ? need : missingWithout(host, ports, place);
    };
    return [
      {
        passes: (host) => missing(host) === undefined,
        reason: (host) => {
          const need = missing(host);
          return need === undefined ? '' : takenText(need, holderOf(host, need));
        },
      },
    ];
  },
};

function takenText(need: PortNeed, holder: string | undefined): string {
  const [port, ip] = [rangeText(need), specificIp(need)];
  if (ip === undefined)
    return holder === undefined
      ? say('placement.port', { port })
      : say('placement.port.by', { port, holder });
  return holder === undefined
    ? say('placement.port.at', { port, ip })
    : say('placement.port.at.by', { port, ip, holder });
}

/** Only where it is no container of somebody's: their names would make the reason of each host another one. */
function holderOf(host: HostView, need: PortNeed): string | undefined {
  if (need.from !== need.to) return undefined;
  for (const { holder, ports } of host.containers.values())
    if (holder !== undefined && ports.some((held) => isSamePort(held, need))) return holder;
  return undefined;
}

function isSamePort(held: PortNeed, { protocol, from, ip }: PortNeed): boolean {
  return held.protocol === protocol && held.from === from && held.to === from && sameAddress(held.ip, ip);
}

/** As `PortTable.missing`, the stopped containers of that place of a compose service left out. */
function missingWithout(host: HostView, ports: readonly PortNeed[], place: string): PortNeed | undefined {
  const others = new PortTable();
  for (const container of host.containers.values()) {
    if (container.stopped && composePlace(container.labels) === place) continue;
    for (const need of container.ports) others.add(need);
  }
  return others.missing(ports);
}
