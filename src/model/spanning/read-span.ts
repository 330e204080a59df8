import { BerthError } from '../../kit/errors.ts';
import { contains, formatSubnet, parseIp, parseSubnet, type Subnet, subnetOf } from '../ip.ts';
import type { Pool, Span } from '../span.ts';
import { chooseSubnet, localSubnet, type SubnetSource } from './choose-subnet.ts';
import type { ReadOptions, SpanDriver } from './driver.ts';
import { readOptions } from './options.ts';
import { readPools } from './pools.ts';

/** VNIs of the manager's own, clear of those of swarm mode; a VNI has 24 bits (RFC 7348). */
const FIRST_VNI = 0x80_00_00;
const LAST_VNI = 0xff_ff_ff;
/** Least MTU of IPv6, bytes (RFC 8200, section 5). */
const IPV6_MTU = 1280;
/** Of a wire of which no host has told. */
const ETHERNET_MTU = 1500;
/** How much around a host's data address is taken for the wire, where a subnet is chosen: its own is not known. */
const WIRE_PREFIX = { 4: 16, 6: 64 } as const;

/** What a user has said of a network that spans hosts. */
export type SpanRequest = Readonly<{
  /** Those that were named. */
  pools: readonly Pool[];
  ipv6: boolean;
  internal: boolean;
  /** Driver options, as they were given. */
  options: Readonly<Record<string, string>>;
}>;

/** What the cluster is like, where a network is made. */
export type SpanSurroundings = Readonly<{
  networkId: string;
  hosts: readonly Readonly<{ name: string; dataAddress: string; wireMtu?: number }>[];
  /**
   * Subnets of other networks, the hosts' own ones too: a chosen one stays clear of them. Asked for where one is to be chosen
   * only, as there are many, and most of them alike.
   */
  subnets(): Iterable<string>;
  vnis: Iterable<number>;
  sources: readonly SubnetSource[];
}>;

/**
 * What a network that spans hosts is to be.
 * @throws BerthError `bad_request` with what is wrong and what is possible; `conflict` where nothing is free
 */
export function readSpan(driver: SpanDriver, request: SpanRequest, around: SpanSurroundings): Span {
  const options = readOptions(driver, request.options);
  const pools = poolsOf(driver, request, around);
  const mtu = options.mtu ?? driver.mtu(wireOf(around), options);
  if (mtu < IPV6_MTU && pools.some(({ subnet }) => subnet.includes(':')))
    throw new BerthError(
      'bad_request',
      `MTU ${mtu} is too small for IPv6, which needs ${IPV6_MTU}: leave --ipv6 out, or name a larger mtu`,
    );
  return {
    driver: driver.name,
    pools,
    mtu,
    internal: request.internal,
    ...(driver.numbered ? { vni: nextFree(around.vnis) } : {}),
    ...rest(options),
  };
}

function rest({ mtu: _, ...others }: ReadOptions): Omit<ReadOptions, 'mtu'> {
  return others;
}

function poolsOf(driver: SpanDriver, request: SpanRequest, around: SpanSurroundings): Pool[] {
  const given = readPools(request.pools);
  if (driver.subnets === 'own') for (const pool of given) refuseWire(pool, around);
  const isSix = (pool: Pool) => pool.subnet.includes(':');
  const six = given.filter(isSix);
  if (six.length > 0 && !request.ipv6)
    throw new BerthError('bad_request', `subnet ${six[0]?.subnet} is an IPv6 one: ask for IPv6 with --ipv6`);
  const missing: Subnet[] = [];
  if (six.length === given.length) missing.push(choose(driver, 4, around));
  if (six.length === 0 && request.ipv6) missing.push(choose(driver, 6, around));
  return readPools([...given, ...missing.map((subnet) => ({ subnet: formatSubnet(subnet) }))]);
}

function choose(
  driver: SpanDriver,
  family: 4 | 6,
  { networkId, hosts, sources, ...around }: SpanSurroundings,
): Subnet {
  if (driver.subnets === 'outside')
    throw new BerthError(
      'bad_request',
      `a network of driver ${driver.name} needs ${family === 4 ? 'an IPv4' : 'an IPv6'} subnet: none can be chosen on a VLAN that is not Berth's own`,
      {
        hint: 'name it with --subnet, the router of the VLAN with --gateway, and the part that is free with --ip-range',
      },
    );
  if (family === 6) return localSubnet(networkId);
  const taken = [...new Set(around.subnets())].flatMap((text) => parseSubnet(text) ?? []);
  const wire = hosts.flatMap(({ dataAddress }) => {
    const ip = parseIp(dataAddress);
    return ip === undefined ? [] : [subnetOf(ip, WIRE_PREFIX[ip.family])];
  });
  return chooseSubnet(sources, [...taken, ...wire]);
}

/** Containers would reach each other where they are to reach hosts, and their hosts the same. */
function refuseWire({ subnet: text }: Pool, { hosts }: SpanSurroundings): void {
  const subnet = parseSubnet(text);
  for (const { name, dataAddress } of hosts) {
    const ip = parseIp(dataAddress);
    if (subnet === undefined || ip === undefined || !contains(subnet, ip)) continue;
    throw new BerthError(
      'bad_request',
      `subnet ${text} overlaps the wire: ${dataAddress} in it is the data address of host ${name}`,
      { hint: 'choose another one, or leave --subnet out' },
    );
  }
}

function wireOf({ hosts }: SpanSurroundings): Readonly<{ mtu: number; family: 4 | 6 }> {
  const mtus = hosts.flatMap(({ wireMtu }) => wireMtu ?? []);
  return {
    mtu: mtus.length === 0 ? ETHERNET_MTU : Math.min(...mtus),
    family: hosts.some(({ dataAddress }) => dataAddress.includes(':')) ? 6 : 4,
  };
}

/** Behind the highest one: hosts may still be taking away a network whose record is gone, with a lower one. */
function nextFree(vnis: Iterable<number>): number {
  const taken = new Set<number>();
  let highest = FIRST_VNI - 1;
  for (const vni of vnis) {
    taken.add(vni);
    if (vni > highest && vni <= LAST_VNI) highest = vni;
  }
  if (highest < LAST_VNI) return highest + 1;
  for (let vni = FIRST_VNI; vni <= LAST_VNI; vni++) if (!taken.has(vni)) return vni;
  throw new BerthError(
    'conflict',
    `all ${LAST_VNI - FIRST_VNI + 1} VXLAN identifiers are in use: remove networks`,
  );
}
