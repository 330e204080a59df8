import { formatIp, parseIp, parseSubnet, usableIn } from '../../../../src/contract/ip.ts';
import type { AddressView } from '../../../../src/contract/v1/addresses.ts';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';

/** free: a container may get it · outside: of the subnet, and given to nobody (its own, broadcast, out of the range). */
export type CellState = AddressView['state'] | 'gateway' | 'free' | 'outside';

export type Cell = Readonly<{
  ip: string;
  state: CellState;
  /** Of one that is taken. */
  address?: AddressView;
}>;

/** Addresses beside each other that are alike. A count may be more than 2^53: it is a text. */
export type Run = Readonly<{
  first: string;
  last: string;
  count: string;
  state: CellState;
  address?: AddressView;
}>;

export type AddressMap =
  | Readonly<{ kind: 'grid'; cells: readonly Cell[] }>
  | Readonly<{ kind: 'runs'; runs: readonly Run[] }>;

type Pool = NetworkDetail['pools'][number];

/** So many are drawn one by one: a /22. */
const MOST_CELLS = 1024n;

/** What of a pool is taken, and by whom: each address of a small one, runs of a large one. */
export function addressMap(pool: Pool, addresses: readonly AddressView[]): AddressMap {
  const subnet = parseSubnet(pool.subnet);
  if (subnet === undefined) return { kind: 'grid', cells: [] };
  const range = parseSubnet(pool.range ?? pool.subnet) ?? subnet;
  const { lowest, highest } = usableIn(subnet, range);
  const taken = new Map<bigint, AddressView>();
  for (const address of addresses) {
    const ip = parseIp(address.ip);
    if (ip?.family === subnet.family && ip.value >= subnet.first && ip.value < subnet.first + subnet.size)
      taken.set(ip.value, address);
  }
  const text = (value: bigint) => formatIp({ family: subnet.family, value });
  const at = (value: bigint): Omit<Cell, 'ip'> => {
    const address = taken.get(value);
    if (address !== undefined)
      return { state: address.ip === pool.gateway ? 'gateway' : address.state, address };
    return { state: value < lowest || value > highest ? 'outside' : 'free' };
  };
  if (subnet.size <= MOST_CELLS) {
    const cells = Array.from({ length: Number(subnet.size) }, (_, offset) => {
      const value = subnet.first + BigInt(offset);
      return { ip: text(value), ...at(value) };
    });
    return { kind: 'grid', cells };
  }
  return { kind: 'runs', runs: runsOf(subnet, [lowest, highest], [...taken.keys()], { at, text }) };
}

function runsOf(
  { first, size }: Readonly<{ first: bigint; size: bigint }>,
  [lowest, highest]: readonly [bigint, bigint],
  taken: readonly bigint[],
  { at, text }: Readonly<{ at(value: bigint): Omit<Cell, 'ip'>; text(value: bigint): string }>,
): Run[] {
  const end = first + size;
  // Where something else may begin: each taken one, what is behind it, and both ends of the range.
  const edges = [first, lowest, highest + 1n, ...taken.flatMap((value) => [value, value + 1n])];
  const sorted = [...new Set(edges)]
    .filter((value) => value >= first && value < end)
    .sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((value, index) => {
    const next = sorted[index + 1] ?? end;
    return { first: text(value), last: text(next - 1n), count: String(next - value), ...at(value) };
  });
}

/** How many of each state there are, of a grid. */
export function countStates(cells: readonly Cell[]): ReadonlyMap<CellState, number> {
  const counts = new Map<CellState, number>();
  for (const { state } of cells) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
