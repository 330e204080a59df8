import { isIP } from 'node:net';
import type { Engine } from '../../engine/index.ts';
import type { ObservedContainer } from '../../model/container.ts';
import type { ObservedNetwork } from '../../model/objects.ts';
import { endpointsOn } from '../networks/engine-networks.ts';

/** The engine's bridge of containers whose own networks do not lead to their host (libnetwork). */
const GATEWAY_BRIDGE = 'docker_gwbridge';
/** What was read of it holds for so long: containers that start together are one look. */
const FRESH_MS = 1_000;
/** `container:` of `container:` of … */
const MAX_HOPS = 8;

type Known = Readonly<{
  /** By the engine's ID. */
  container(engineId: string): ObservedContainer | undefined;
  network(networkId: string): ObservedNetwork | undefined;
}>;

/** Where a host reaches a container: at an address, or by what the gateway bridge has given it. */
export type Way = Readonly<{ kind: 'address'; address: string } | { kind: 'gateway'; engineId: string }>;

/**
 * A bridge network's address is on an interface of the host's. Networks that span hosts lead nowhere else; but beside them
 * the engine connects a container to its gateway bridge, unless they are internal, or have a gateway of their own.
 */
export function wayTo(observed: ObservedContainer, known: Known): Way {
  let at = observed;
  for (let hops = 0; at.networkMode.startsWith('container:') && hops < MAX_HOPS; hops++) {
    const other = known.container(at.networkMode.slice('container:'.length));
    if (other === undefined) break;
    at = other;
  }
  if (at.networkMode === 'host') return { kind: 'address', address: '127.0.0.1' };
  for (const { NetworkID, IPAddress, GlobalIPv6Address } of endpointsOf(at)) {
    if (known.network(String(NetworkID))?.driver !== 'bridge') continue;
    for (const address of [IPAddress, GlobalIPv6Address])
      if (typeof address === 'string' && isIP(address) !== 0) return { kind: 'address', address };
  }
  return { kind: 'gateway', engineId: at.engineId };
}

type Endpoint = Readonly<{ NetworkID?: unknown; IPAddress?: unknown; GlobalIPv6Address?: unknown }>;

function endpointsOf({ networkSettings }: ObservedContainer): Endpoint[] {
  const { Networks } = (networkSettings ?? {}) as { Networks?: unknown };
  if (typeof Networks !== 'object' || Networks === null) return [];
  return Object.values(Networks).filter((one): one is Endpoint => typeof one === 'object' && one !== null);
}

/** Addresses that containers have on their engine's gateway bridge. */
export class GatewayAddresses {
  private read: Promise<ReadonlyMap<string, string>> | undefined;
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly engine: Engine) {}

  /** Undefined where it is not on it. @throws BerthError where the engine does not answer */
  async of(engineId: string): Promise<string | undefined> {
    if (this.read === undefined || performance.now() - this.readAt > FRESH_MS) {
      this.readAt = performance.now();
      this.read = this.readAll();
      this.read.catch(() => {
        this.read = undefined;
      });
    }
    return (await this.read).get(engineId);
  }

  private async readAll(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const { containerId, ips } of (await endpointsOn(this.engine, GATEWAY_BRIDGE)) ?? []) {
      const [address] = ips;
      if (containerId !== undefined && address !== undefined) found.set(containerId, address);
    }
    return found;
  }
}
