import type { Container, DockerSpec } from '../../model/container.ts';
import type { Host, HostStatus } from '../../model/host.ts';
import { defaultSettings, type Settings } from '../../model/settings.ts';
import type { SpanRequest } from '../../model/spanning/read-span.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import { hostStatusRecord } from '../../store/contract.suite.ts';
import { newMemoryStore, type Store, type WriteTx } from '../../store/index.ts';
import { makeSpanning } from './make-network.ts';
import type { SpanningNetwork } from './spanning.ts';
import { takeAddresses } from './spanning.ts';

const usable = { usable: true, reason: '' };

/** A store with settings and hosts `h1`, `h2` …, at 192.0.2.1 …, that can take part in every kind of network. */
export async function networkStore(hosts = 2, settings: Partial<Settings> = {}): Promise<Store> {
  const store = newMemoryStore();
  await store.update((tx) => {
    tx.put('settings', { kind: 'settings', clusterId: 'c', settings: { ...defaultSettings, ...settings } });
    for (let i = 1; i <= hosts; i++)
      putHost(tx, `h${i}`, { dataAddress: `192.0.${2 + (i >> 8)}.${i & 255}` });
  });
  return store;
}

export function putHost(tx: WriteTx, id: string, change: Partial<HostStatus> = {}): void {
  const made = { labels: {}, cordoned: false, certFingerprint: '', machineId: 'm', joinTokenId: '' };
  const host: Host = { kind: 'host', id, name: id, joinedAt: 1, ...made };
  tx.put('hosts', host);
  const network = { drivers: { xoverlay: usable, vlan: usable }, wireMtu: 1500 };
  tx.put('hostStatus', { ...hostStatusRecord(id, 'ready'), reported: true, network, ...change });
}

/** A network of the driver, with the name as the beginning of its ID. */
export function putNetwork(
  tx: WriteTx,
  name: string,
  subnets: readonly string[],
  { driver = 'xoverlay', ...request }: Partial<SpanRequest> & { driver?: string } = {},
): SpanningNetwork {
  const found = spanDriver(driver);
  if (found === undefined) throw new Error(`no driver ${driver}`);
  const pools = subnets.map((subnet) => ({ subnet }));
  const ipv6 = subnets.some((subnet) => subnet.includes(':'));
  return makeSpanning(
    tx,
    found,
    { pools, ipv6, internal: false, options: {}, ...request },
    {
      ...{ kind: 'network', id: networkId(name), name, createdAt: 0, createdBy: 'root' },
      spec: { Name: name, Driver: driver },
    },
  );
}

export function networkId(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0');
}

/** A container on that host with its addresses in the networks, as the endpoint writes one. */
export function putContainer(
  tx: WriteTx,
  name: string,
  hostId: string,
  networks: readonly string[],
  change: Partial<DockerSpec> = {},
  now = 0,
): Container {
  const endpoints = Object.fromEntries(networks.map((one) => [networkId(one), {}]));
  const container: Container = {
    ...{ kind: 'container', id: Buffer.from(name).toString('hex').padEnd(64, '0'), name },
    ...{ createdAt: 0, createdBy: 'root', apiVersion: '1.41' },
    desired: {
      ...{ generation: 1, state: 'running', starts: 1 },
      spec: {
        Image: 'busybox',
        HostConfig: { NetworkMode: networkId(networks[0] ?? '') },
        NetworkingConfig: { EndpointsConfig: endpoints },
        ...change,
      },
    },
    assigned: { hostId, at: 0 },
  };
  takeAddresses(tx, container, now);
  tx.put('containers', container);
  return container;
}
