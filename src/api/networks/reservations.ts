import { BerthError } from '../../kit/errors.ts';
import type { Address } from '../../model/address.ts';
import { type Family, normalIp } from '../../model/ip.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import type { SpanningNetwork } from './spanning.ts';
import { takeEndpoint } from './take-address.ts';

/**
 * Keeps addresses for containers of a name: the one that was asked for, else what the container of that name has, else free
 * ones, one of each family. What is reserved for it already stays.
 * @throws BerthError `conflict` where the address is another's, or another one is reserved for the name
 */
export function reserve(
  tx: WriteTx,
  network: SpanningNetwork,
  name: string,
  asked: string | undefined,
  now: number,
): Address[] {
  const ip = asked === undefined ? undefined : normalIp(asked);
  if (asked !== undefined && ip === undefined)
    throw new BerthError('bad_request', `"${asked.slice(0, 64)}" is not an address`);
  const families: readonly Family[] = ip === undefined ? familiesOf(network) : [ip.includes(':') ? 6 : 4];
  return families.map((family) => {
    const before = reservedFor(tx, network, name).find((one) => isOf(one, family));
    if (before !== undefined && ip !== undefined && before.ip !== ip)
      throw new BerthError(
        'conflict',
        `${before.ip} of network ${network.name} is reserved for ${name} already`,
        {
          hint: `give it up first: berth ip release ${network.name} ${name}`,
        },
      );
    if (before !== undefined) return before;
    const own = ownOf(tx, network, name).find(
      (one) => isOf(one, family) && (ip === undefined || one.ip === ip),
    );
    const address = own ?? take(tx, network, name, family, ip, now);
    const reserved = { ...address, reservedFor: name };
    tx.put('addresses', reserved);
    return reserved;
  });
}

/**
 * Gives reservations up, by name or address. What somebody has stays his for as long as he lives. What was left on a host
 * that is none any more is free, or waits for whom it is reserved for; all that one host had goes by `left on host NAME`.
 * @throws BerthError `not_found`
 */
export function release(tx: WriteTx, network: SpanningNetwork, reference: string): string[] {
  const ip = normalIp(reference);
  const found = [...tx.by('addresses', 'network', network.id)].filter(
    (one) =>
      isLeftBehind(one, reference) ||
      (one.reservedFor !== undefined && one.reservedFor === reference) ||
      (one.ip === ip && (one.reservedFor !== undefined || isLeftBehind(one))),
  );
  if (found.length === 0)
    throw new BerthError(
      'not_found',
      `network ${network.name} has no reservation "${reference.slice(0, 128)}"`,
      {
        hint: `"berth ip ls ${network.name}" lists them`,
      },
    );
  for (const { reservedFor, ...address } of found) {
    const left = isLeftBehind(address) && reservedFor !== reference;
    if (left && reservedFor !== undefined)
      tx.put('addresses', { ...address, holder: { kind: 'none' }, reservedFor });
    else if (left || address.holder.kind === 'none') tx.delete('addresses', `${network.id}/${address.ip}`);
    else tx.put('addresses', address);
  }
  return found.map((one) => one.ip);
}

function isLeftBehind({ holder }: Address, name?: string): boolean {
  return holder.kind === 'aux' && holder.left === true && (name === undefined || holder.name === name);
}

function familiesOf({ span }: SpanningNetwork): Family[] {
  return span.pools.some(({ subnet }) => subnet.includes(':')) ? [4, 6] : [4];
}

function isOf({ ip }: Address, family: Family): boolean {
  return ip.includes(':') === (family === 6);
}

function reservedFor(tx: ReadTx, { id }: SpanningNetwork, name: string): Address[] {
  return [...tx.by('addresses', 'reservedFor', name)].filter(({ networkId }) => networkId === id);
}

/** What the container of that name has in the network. */
function ownOf(tx: ReadTx, { id }: SpanningNetwork, name: string): Address[] {
  return [...tx.by('containers', 'name', name)]
    .flatMap((container) => [...tx.by('addresses', 'container', container.id)])
    .filter(({ networkId }) => networkId === id);
}

function take(
  tx: WriteTx,
  network: SpanningNetwork,
  name: string,
  family: Family,
  ip: string | undefined,
  now: number,
): Address {
  const pools = network.span.pools.filter(({ subnet }) => subnet.includes(':') === (family === 6));
  const asked = ip === undefined ? {} : family === 4 ? { ipv4: ip } : { ipv6: ip };
  const only = { ...network, span: { ...network.span, pools } };
  const taken = takeEndpoint(tx, now, { network: only, holder: { kind: 'none' }, name, ...asked });
  const address = tx.get('addresses', `${network.id}/${taken.ipv4 ?? taken.ipv6}`);
  if (address === undefined) throw new Error('an address was taken, and is not there');
  return address;
}
