import { createHash } from 'node:crypto';
import { KEY_ROTATION_MS, peerKeys } from '../../../src/api/agents/data-keys.ts';
import { parseIp } from '../../../src/model/ip.ts';
import { macOf } from '../../../src/model/mac.ts';
import type { Endpoint, Member, Span } from '../../../src/model/span.ts';
import { xoverlay } from '../../../src/model/spanning/xoverlay.ts';
import type { HostNetwork, Joined, PeerKeys } from '../../../src/network/driver.ts';
import { putInto, takeOut } from '../../lab/container.ts';
import type { GuestHost, HostDriver } from './host.ts';
import type { Wire } from './wire.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

/** Keys of this epoch are in use as a suite begins. */
export const EPOCH = 1_000;

/** A host with the network's driver and one container, `c` on both; the other one is its member. */
export type Side = Readonly<{
  host: GuestHost;
  driver: HostDriver;
  address: string;
  endpoint: Endpoint & Readonly<{ ipv4: string }>;
}>;

/** Two hosts with a network between them, as their manager would have it. */
export class Pair {
  private readonly joined = new Map<Side, Joined>();

  private constructor(
    readonly sides: readonly [Side, Side],
    readonly network: HostNetwork,
  ) {}

  /** @param family of the hosts' data addresses, which they are given here */
  static async make(wire: Wire, family: 4 | 6, { mtu = 1500, encrypted = true } = {}): Promise<Pair> {
    const side = async (n: number): Promise<Side> => {
      const host = wire.host(`h${n}`);
      const address = addressOf(n, family);
      const ipv4 = `10.213.0.${n}`;
      const driver = await host.driver(xoverlayAt(address));
      return { host, address, driver, endpoint: { ipv4, mac: macFor(ipv4) } };
    };
    const span: Span = {
      driver: 'xoverlay',
      pools: [{ subnet: '10.213.0.0/24', gateway: '10.213.0.254' }],
      mtu: xoverlay.mtu({ mtu, family }, { encrypted }),
      internal: false,
      vni: 0x800001,
      ...(encrypted ? { encrypted } : {}),
    };
    return new Pair([await side(1), await side(2)], {
      id: hex(`of ${family} ${mtu}`),
      engineId: hex('e'),
      span,
    });
  }

  async join(): Promise<void> {
    for (const side of this.sides) {
      const { host, driver, endpoint } = side;
      await driver.ensure(this.network);
      await driver.members(this.network, { whole: true, put: [memberOf(this.other(side))], drop: [] });
      const joined = await driver.join(this.network, { endpointId: hex('c'), endpoint });
      await putInto((argv) => host.must(...argv), 'c', joined, endpoint);
      this.joined.set(side, joined);
    }
  }

  async leave(): Promise<void> {
    for (const side of this.sides) {
      const { host, driver } = side;
      const joined = this.joined.get(side);
      if (joined !== undefined) {
        await takeOut((argv) => host.must(...argv), 'c', joined);
        await driver.leave(this.network, hex('c'));
      }
      await driver.remove(this.network);
      await driver.keys([]);
    }
    this.joined.clear();
  }

  /** The same with another life of a host's agent. */
  with(index: 0 | 1, driver: HostDriver): Pair {
    const sides: [Side, Side] = [...this.sides];
    const before = sides[index];
    sides[index] = { ...before, driver };
    const pair = new Pair(sides, this.network);
    for (const [side, joined] of this.joined) pair.joined.set(side === before ? sides[index] : side, joined);
    return pair;
  }

  other(side: Side): Side {
    const [one, two] = this.sides;
    return side === one ? two : one;
  }

  /** What the manager tells a host of its keys. */
  keysOf(side: Side, epoch = EPOCH, secret = 0): PeerKeys[] {
    const ring = {
      secret: new Uint8Array(32).fill(secret),
      clusterId: 'cluster',
      rotationMs: KEY_ROTATION_MS,
    };
    const keyed = ({ host, address }: Side) => ({ id: host.name, address });
    return peerKeys(ring, keyed(side), [keyed(this.other(side))], epoch * KEY_ROTATION_MS);
  }

  /** Both hosts have the keys of that epoch. */
  async tellKeys(epoch = EPOCH): Promise<void> {
    for (const side of this.sides) await side.driver.keys(this.keysOf(side, epoch));
  }

  /** Runs a program in the container of a side. */
  exec({ host }: Side, ...argv: string[]) {
    return host.exec(host.name, ['ip', 'netns', 'exec', 'c', ...argv], { timeoutMs: 60_000 });
  }

  /** From the first container to the other one; how many of so many packets were answered. */
  async pings(count: number, ...how: string[]): Promise<number> {
    const [from, to] = this.sides;
    const { stdout, stderr } = await this.exec(
      from,
      ...['ping', '-q', '-c', String(count), '-i', '0.1', '-W', '2', ...how, to.endpoint.ipv4],
    );
    const received = /(\d+) received/.exec(stdout)?.[1];
    if (received === undefined) throw new Error(`ping: ${stderr || stdout}`);
    return Number(received);
  }
}

export const xoverlayAt = (dataAddress: string) => ({ name: 'xoverlay', dataAddress });

export const addressOf = (n: number, family: 4 | 6) => (family === 4 ? `10.99.0.${n}` : `fd99::${n}`);

export function macFor(ipv4: string): string {
  const ip = parseIp(ipv4);
  if (ip === undefined) throw new Error(`${ipv4} is no address`);
  return macOf(ip);
}

function memberOf({ host, address, endpoint }: Side): Member {
  const { name } = host;
  return { ...endpoint, id: `c at ${name}`, hostId: name, via: address, names: ['c'], up: true };
}
