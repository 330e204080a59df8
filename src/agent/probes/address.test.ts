import { describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/index.ts';
import { BerthError } from '../../kit/errors.ts';
import type { ObservedContainer } from '../../model/container.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import { GatewayAddresses, wayTo } from './address.ts';

const drivers: Readonly<Record<string, string>> = { n1: 'bridge', n2: 'xoverlay', n3: 'bridge' };
type On = Readonly<Record<string, { IPAddress?: string; GlobalIPv6Address?: string }>>;

function container(networkMode: string, on: On = {}, engineId = 'e1'): ObservedContainer {
  const Networks = Object.fromEntries(
    Object.entries(on).map(([id, addresses]) => [id, { NetworkID: id, ...addresses }]),
  );
  return { engineId, networkMode, networkSettings: { Networks } } as unknown as ObservedContainer;
}
const known = (...others: ObservedContainer[]) => ({
  container: (id: string) => others.find(({ engineId }) => engineId === id),
  network: (id: string) => ({ driver: drivers[id] }) as ObservedNetwork,
});

describe('a host reaches a container', () => {
  it.each([
    ['on its own network', container('host'), { kind: 'address', address: '127.0.0.1' }],
    [
      'on a bridge',
      container('n1', { n1: { IPAddress: '172.17.0.2' } }),
      { kind: 'address', address: '172.17.0.2' },
    ],
    [
      'on several networks',
      container('n2', { n2: { IPAddress: '10.0.0.2' }, n3: { IPAddress: '172.18.0.2' } }),
      { kind: 'address', address: '172.18.0.2' },
    ],
    [
      'by IPv6 alone',
      container('n1', { n1: { IPAddress: '', GlobalIPv6Address: 'fd00::2' } }),
      { kind: 'address', address: 'fd00::2' },
    ],
    [
      'on a network that spans hosts',
      container('n2', { n2: { IPAddress: '10.0.0.2' } }),
      { kind: 'gateway', engineId: 'e1' },
    ],
    ['on none', container('none'), { kind: 'gateway', engineId: 'e1' }],
  ])('%s', (_, observed, way) => {
    expect(wayTo(observed, known())).toEqual(way);
  });

  it('by that of the container whose network it shares', () => {
    const other = container('n1', { n1: { IPAddress: '172.17.0.9' } }, 'e2');
    expect(wayTo(container('container:e2'), known(other))).toEqual({
      kind: 'address',
      address: '172.17.0.9',
    });
    const between = container('container:e2', {}, 'e6');
    expect(wayTo(container('container:e6'), known(between, other)).kind).toBe('address');
    const spanning = container('n2', {}, 'e3');
    expect(wayTo(container('container:e3'), known(spanning))).toEqual({ kind: 'gateway', engineId: 'e3' });
    // Two that name each other: an end all the same.
    const [a, b] = [container('container:e5', {}, 'e4'), container('container:e4', {}, 'e5')];
    expect(wayTo(a, known(a, b)).kind).toBe('gateway');
  });
});

it('the gateway bridge is read once for all that ask, and again after a failure', async () => {
  let reads = 0;
  let down = true;
  const endpoint = { EndpointID: 'x', MacAddress: '', IPv4Address: '172.19.0.3/16', IPv6Address: '' };
  const engine = {
    json: async () => {
      reads++;
      if (down) throw new BerthError('host_down', 'the Docker Engine does not answer');
      return { Containers: { e1: endpoint, 'ep-2': endpoint } };
    },
  } as unknown as Engine;
  const gateways = new GatewayAddresses(engine);
  await expect(gateways.of('e1')).rejects.toThrow('does not answer');
  down = false;
  expect(await Promise.all([gateways.of('e1'), gateways.of('e2'), gateways.of('e1')])).toEqual([
    ...['172.19.0.3', undefined, '172.19.0.3'],
  ]);
  expect(reads).toBe(2);
});
