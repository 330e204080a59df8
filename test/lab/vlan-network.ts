import { createHash } from 'node:crypto';
import type { Endpoint, Span } from '../../src/model/span.ts';
import type { HostNetwork } from '../../src/network/driver.ts';

/** As IDs of engines are. */
export const hexId = (text: string) => createHash('sha256').update(text).digest('hex');

export function vlanNetwork(name: string, span: Partial<Span> & Pick<Span, 'pools'>): HostNetwork {
  return {
    id: hexId(`network ${name}`),
    engineId: hexId(`engine's network ${name}`),
    span: { driver: 'vlan', mtu: 1500, internal: false, ...span },
  };
}

/** With the MAC that the manager derives from it. */
export function endpointAt(ipv4: string, ipv6?: string): Endpoint {
  const octets = ipv4.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return { ipv4, mac: ['02', 'be', ...octets].join(':'), ...(ipv6 === undefined ? {} : { ipv6 }) };
}
