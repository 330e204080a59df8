import ipaddr from 'ipaddr.js';

export type Family = 4 | 6;
/** An address as a number: addresses of a subnet are counted. */
export type Ip = Readonly<{ family: Family; value: bigint }>;
/** `first` is its lowest address, which has no host bits. */
export type Subnet = Readonly<{ family: Family; first: bigint; size: bigint; prefix: number }>;

const BITS = { 4: 32, 6: 128 } as const;

/** Undefined where the text is not one address in dotted decimals or in RFC 4291's forms; zones are not taken. */
export function parseIp(text: string): Ip | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return { family: 4, value: bytesAsNumber(ipaddr.IPv4.parse(text)) };
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return { family: 6, value: bytesAsNumber(ipaddr.IPv6.parse(text)) };
}

function bytesAsNumber(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  let value = 0n;
  for (const byte of address.toByteArray()) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Dotted decimals, or the shortest form of RFC 5952. */
export function formatIp({ family, value }: Ip): string {
  if (family === 4) {
    const bits = Number(value);
    return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
  }
  const bytes = Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(120 - 8 * i)) & 255n));
  return new ipaddr.IPv6(bytes).toRFC5952String();
}

/** The address in its shortest form; undefined where it is none. */
export function normalIp(text: string): string | undefined {
  const ip = parseIp(text);
  return ip === undefined ? undefined : formatIp(ip);
}

/** What an address with a prefix length says; `hostBits` where the address is not the subnet's first one. */
export function parseSubnet(text: string): (Subnet & Readonly<{ hostBits: boolean }>) | undefined {
  const [address = '', length, ...more] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || length === undefined || more.length > 0 || !/^\d{1,3}$/.test(length))
    return undefined;
  const prefix = Number(length);
  if (prefix > BITS[ip.family]) return undefined;
  const subnet = subnetOf(ip, prefix);
  return { ...subnet, hostBits: subnet.first !== ip.value };
}

/** The subnet of that prefix length that has the address. */
export function subnetOf({ family, value }: Ip, prefix: number): Subnet {
  const size = 1n << BigInt(BITS[family] - prefix);
  return { family, first: value - (value % size), size, prefix };
}

export function formatSubnet({ family, first, prefix }: Subnet): string {
  return `${formatIp({ family, value: first })}/${prefix}`;
}

export function contains(subnet: Subnet, { family, value }: Ip): boolean {
  return family === subnet.family && value >= subnet.first && value < subnet.first + subnet.size;
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.family === b.family && a.first < b.first + b.size && b.first < a.first + a.size;
}

/** Whether the whole of `inner` is in `outer`. */
export function covers(outer: Subnet, inner: Subnet): boolean {
  return (
    outer.family === inner.family &&
    outer.first <= inner.first &&
    outer.first + outer.size >= inner.first + inner.size
  );
}

/**
 * Lowest and highest address that an interface may have: not the network's own (in IPv6 the routers' anycast address, RFC
 * 4291, 2.6.1), and in IPv4 not the broadcast address.
 */
export function usable({ family, first, size }: Subnet): Readonly<{ lowest: bigint; highest: bigint }> {
  return { lowest: first + 1n, highest: first + size - (family === 4 ? 2n : 1n) };
}

/** Lowest and highest usable address of the part `range` of a subnet. */
export function usableIn(subnet: Subnet, range: Subnet): Readonly<{ lowest: bigint; highest: bigint }> {
  let { lowest, highest } = usable(subnet);
  const last = range.first + range.size - 1n;
  if (range.first > lowest) lowest = range.first;
  if (last < highest) highest = last;
  return { lowest, highest };
}

/** Addresses that mean something of their own on every machine, and so are no network's: what they are, in a word. */
export function reservedFor(subnet: Subnet): string | undefined {
  for (const [text, what] of RESERVED) {
    const reserved = parseSubnet(text);
    if (reserved !== undefined && overlaps(subnet, reserved)) return what;
  }
  return undefined;
}

/** RFC 6890; private and public ranges are the user's choice. */
const RESERVED: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', '"this network"'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['::/96', 'loopback'],
  ['::ffff:0:0/96', 'IPv4-mapped'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
];
