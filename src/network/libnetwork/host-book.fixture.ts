import type { Endpoint, Span } from '../../model/span.ts';
import type { HostNetwork, NetworkDriver } from '../driver.ts';
import type { BookedEndpoint, BookedNetwork, HostBook, Lease, PlainPool } from './host-book.ts';

export const SPAN: Span = {
  driver: 'xoverlay',
  pools: [{ subnet: '10.5.0.0/24', gateway: '10.5.0.1', aux: { printer: '10.5.0.9' } }],
  mtu: 1450,
  internal: false,
  vni: 8388608,
};

/** A book in memory, and the manager behind it: it has network `n1`, and gives 10.5.0.100 and those after it. */
export class MemoryBook implements HostBook {
  readonly networks = new Map<string, BookedNetwork>([['n1', { id: 'n1', span: SPAN }]]);
  readonly endpoints = new Map<string, BookedEndpoint>();
  readonly assigned = new Map<string, Endpoint>();
  readonly pools = new Map<string, PlainPool>();
  leases: Lease[] = [];
  readonly asked: unknown[] = [];
  readonly returned: Lease[] = [];
  refuse: Error | undefined;
  private next = 100;

  network(id: string) {
    return this.networks.get(id);
  }
  networkOfEngine(engineId: string) {
    return [...this.networks.values()].find((network) => network.engineId === engineId);
  }
  async bind(id: string, engineId: string) {
    const network = this.networks.get(id);
    if (network !== undefined) this.networks.set(id, { ...network, engineId });
  }
  async unbind(engineId: string) {
    const network = this.networkOfEngine(engineId);
    if (network === undefined) return;
    const { engineId: _, ...rest } = network;
    if (network.plain === true) this.networks.delete(network.id);
    else this.networks.set(network.id, rest);
  }
  endpoint(endpointId: string) {
    return this.endpoints.get(endpointId);
  }
  endpointsIn(sandbox: string) {
    return [...this.endpoints.values()].filter((endpoint) => endpoint.sandbox === sandbox);
  }
  setEndpoint(endpointId: string, endpoint: BookedEndpoint | undefined) {
    if (endpoint === undefined) this.endpoints.delete(endpointId);
    else this.endpoints.set(endpointId, endpoint);
  }
  addressOf(networkId: string, ip: string) {
    return networkId === 'n1' ? this.assigned.get(ip) : undefined;
  }
  lease(networkId: string, ip: string) {
    return this.leases.find((lease) => lease.network === networkId && lease.ip === ip);
  }
  plainPool(key: string) {
    return this.pools.get(key);
  }
  plainPools() {
    return this.pools.entries();
  }
  setPlainPool(key: string, pool: PlainPool | undefined) {
    if (pool === undefined) this.pools.delete(key);
    else this.pools.set(key, pool);
  }
  async newNetwork(wanted: Parameters<HostBook['newNetwork']>[0]) {
    this.asked.push(wanted);
    if (this.refuse !== undefined) throw this.refuse;
    const network = { id: 'p1', span: { ...SPAN, pools: [...wanted.pools] }, plain: true };
    this.networks.set('p1', network);
    return network;
  }
  async takeAddress(wanted: Parameters<HostBook['takeAddress']>[0]) {
    this.asked.push(wanted);
    if (this.refuse !== undefined) throw this.refuse;
    const { network, ip = `10.5.0.${this.next++}`, endpointId } = wanted;
    const from = endpointId === undefined ? {} : { endpointId };
    const lease: Lease = { network, ip, mac: '02:be:0a:05:00:64', holder: 'somebody', ...from };
    this.leases.push(lease);
    return lease;
  }
  giveBack(lease: Lease) {
    this.leases = this.leases.filter((one) => one !== lease);
    this.returned.push(lease);
  }
}

/** A driver that notes what it is asked to do. */
export function notingDriver(name = 'xoverlay'): NetworkDriver & { readonly done: string[]; fails: boolean } {
  const done: string[] = [];
  const note = (what: string, network: HostNetwork) => {
    done.push(`${what} ${network.id}`);
    if (driver.fails) throw new Error(`no ${what} today`);
  };
  const driver = {
    name,
    done,
    fails: false,
    preflight: async () => ({ usable: true, reason: '' }),
    ensure: async (network: HostNetwork) => note('ensure', network),
    remove: async (network: HostNetwork) => {
      done.push(`remove ${network.id}`);
    },
    join: async (network: HostNetwork) => {
      note('join', network);
      return { srcName: 'bc1', dstPrefix: 'eth', routes: [{ destination: '169.254.53.53/32' }] };
    },
    leave: async (network: HostNetwork) => note('leave', network),
    sweep: async (network: HostNetwork) => note('sweep', network),
    namesNamespace: async () => '/run/netns/berth-1',
    members: async (network: HostNetwork) => note('members', network),
  };
  return driver;
}
