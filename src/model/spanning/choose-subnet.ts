import { BerthError } from '../../kit/errors.ts';
import { formatSubnet, overlaps, parseSubnet, type Subnet } from '../ip.ts';

/** A range from which subnets of networks are cut: `10.128.0.0/9`, into such of prefix length `size`. */
export type SubnetSource = Readonly<{ base: Subnet; size: number }>;

/** From `10.128.0.0/9:20`; undefined where it is not that, or not IPv4. */
export function parseSource(text: string): SubnetSource | undefined {
  const [, base = '', size = ''] = /^([0-9./]+):(\d{1,2})$/.exec(text) ?? [];
  const subnet = parseSubnet(base);
  if (subnet === undefined || subnet.hostBits || subnet.family !== 4) return undefined;
  const length = Number(size);
  return length >= subnet.prefix && length <= 30 ? { base: subnet, size: length } : undefined;
}

/**
 * The lowest subnet of the sources that nothing in `taken` overlaps.
 * @throws BerthError `conflict` where all are in use
 */
export function chooseSubnet(sources: readonly SubnetSource[], taken: readonly Subnet[]): Subnet {
  for (const { base, size } of sources) {
    const step = 1n << BigInt(32 - size);
    let first = base.first;
    while (first < base.first + base.size) {
      const subnet: Subnet = { family: 4, first, size: step, prefix: size };
      const inTheWay = taken.find((one) => overlaps(one, subnet));
      if (inTheWay === undefined) return subnet;
      // On to the first one that begins behind what is in the way.
      const after = inTheWay.first + inTheWay.size;
      const steps = (after - base.first + step - 1n) / step;
      first = base.first + steps * step;
    }
  }
  const texts = sources.map(({ base, size }) => `${formatSubnet(base)} in pieces of /${size}`);
  throw new BerthError(
    'conflict',
    `no subnet is free for the network in ${texts.join(', ') || 'no range at all'}`,
    {
      hint: 'name one with --subnet: networks may have the same; or widen the setting networkPools',
    },
  );
}

/**
 * A unique local subnet of a network's own (RFC 4193): its global ID is the beginning of the network's ID, which is
 * random.
 */
export function localSubnet(networkId: string): Subnet {
  const globalId = BigInt(`0x${networkId.slice(0, 10)}`);
  return { family: 6, first: ((0xfdn << 40n) | globalId) << 80n, size: 1n << 64n, prefix: 64 };
}
