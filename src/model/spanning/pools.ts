import { BerthError } from '../../kit/errors.ts';
import {
  contains,
  covers,
  type Family,
  formatIp,
  formatSubnet,
  type Ip,
  overlaps,
  parseIp,
  parseSubnet,
  reservedFor,
  type Subnet,
  usable,
} from '../ip.ts';
import type { Pool } from '../span.ts';

/** Longest prefixes that leave room for a gateway and a container. */
const LONGEST = { 4: 30, 6: 126 } as const;
/** Shorter ones are more likely a slip than meant. */
const SHORTEST = { 4: 8, 6: 16 } as const;

/**
 * A network's pools in their shortest form, IPv4 first, each with a gateway: the one that was asked for, or the first
 * address of the subnet or range, as Docker does.
 * @param given as the user wrote them; each has a subnet
 * @throws BerthError `bad_request` with what is wrong and what is possible
 */
export function readPools(given: readonly Pool[]): Pool[] {
  const read = given.map(readPool);
  for (const [i, { subnet }] of read.entries())
    for (const other of read.slice(0, i))
      if (overlaps(subnet, other.subnet))
        throw bad(
          `subnets ${formatSubnet(other.subnet)} and ${formatSubnet(subnet)} of one network overlap: leave one of them out`,
        );
  return [...read]
    .sort((a, b) => a.subnet.family - b.subnet.family)
    .map(({ subnet, range, gateway, aux }) => ({
      subnet: formatSubnet(subnet),
      ...(range === undefined ? {} : { range: formatSubnet(range) }),
      gateway: formatIp(gateway),
      ...(aux.length === 0
        ? {}
        : { aux: Object.fromEntries(aux.map(({ name, ip }) => [name, formatIp(ip)])) }),
    }));
}

type Read = Readonly<{
  subnet: Subnet;
  range: Subnet | undefined;
  gateway: Ip;
  aux: readonly Readonly<{ name: string; ip: Ip }>[];
}>;

function readPool(pool: Pool): Read {
  const subnet = readSubnet(pool.subnet);
  const text = formatSubnet(subnet);
  const range = pool.range ? parseSubnet(pool.range) : undefined;
  if (pool.range && (range === undefined || !covers(subnet, range)))
    throw bad(`IP range ${pool.range} is not a part of subnet ${text}: ${formOf(subnet.family)}`);
  const aux = Object.entries(pool.aux ?? {}).map(([name, address]) => ({
    name,
    ip: memberOf(subnet, address, `auxiliary address ${name}=`),
  }));
  const inUse = new Set(aux.map(({ ip }) => ip.value));
  if (inUse.size < aux.length) throw bad(`two auxiliary addresses of subnet ${text} are the same`);
  const gateway = pool.gateway
    ? memberOf(subnet, pool.gateway, 'gateway ')
    : firstFree(subnet, range ?? subnet, inUse);
  if (inUse.has(gateway.value))
    throw bad(`${formatIp(gateway)} is the gateway and an auxiliary address of subnet ${text} at once`);
  return { subnet, range, gateway, aux };
}

function readSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined)
    throw bad(`"${text.slice(0, 80)}" is not a subnet: write it as 192.168.1.0/24 or fd00:1::/64`);
  if (subnet.hostBits)
    throw bad(`subnet ${text} has host bits: ${formatSubnet(subnet)} is the subnet that this address is in`);
  const { family, prefix } = subnet;
  if (prefix > LONGEST[family])
    throw bad(
      `subnet ${text} has no room for a gateway and a container: /${LONGEST[family]} is the smallest`,
    );
  if (prefix < SHORTEST[family])
    throw bad(`subnet ${text} is too large: /${SHORTEST[family]} is the largest`);
  const reserved = reservedFor(subnet);
  if (reserved !== undefined)
    throw bad(`subnet ${text} has ${reserved} addresses, which containers cannot have`);
  return subnet;
}

/** @param what for errors, with what is to stand between it and the address */
function memberOf(subnet: Subnet, text: string, what: string): Ip {
  // Some clients write the prefix length behind it.
  const ip = parseIp(text.split('/')[0] ?? '');
  const { lowest, highest } = usable(subnet);
  if (ip === undefined) throw bad(`${what}${text.slice(0, 80)} is not an address`);
  if (!contains(subnet, ip) || ip.value < lowest || ip.value > highest)
    throw bad(
      `${what}${text} is not in subnet ${formatSubnet(subnet)}: possible are ${formatIp({ family: subnet.family, value: lowest })} to ${formatIp({ family: subnet.family, value: highest })}`,
    );
  return ip;
}

function firstFree(subnet: Subnet, range: Subnet, inUse: ReadonlySet<bigint>): Ip {
  const { family } = subnet;
  const { lowest, highest } = usable(subnet);
  let value = range.first;
  if (value < lowest) value = lowest;
  while (inUse.has(value)) value++;
  if (value > highest || value >= range.first + range.size)
    throw bad(`no address of ${formatSubnet(range)} is left for the gateway: name it, or a larger range`);
  return { family, value };
}

function formOf(family: Family): string {
  return `write it as ${family === 4 ? '192.168.1.128/25' : 'fd00:1:0:0:1::/80'}`;
}

function bad(message: string): BerthError {
  return new BerthError('bad_request', message);
}
