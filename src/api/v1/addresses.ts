import type { AddressView, addressRoutes } from '../../contract/v1/addresses.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Address } from '../../model/address.ts';
import { parseIp } from '../../model/ip.ts';
import { isIn } from '../../model/is-in.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';
import { sizeOf } from '../networks/full-pool.ts';
import { heldBy, holderText } from '../networks/holder-text.ts';
import { release, reserve } from '../networks/reservations.ts';
import { type SpanningNetwork, spanningNetwork } from '../networks/spanning.ts';
import { isOver } from '../networks/take-address.ts';
import type { Handlers } from './handler.ts';

export const addressHandlers: Handlers<keyof typeof addressRoutes> = {
  'ip.list': ({ deps, params }) =>
    deps.store.view((tx) => {
      const network = find(tx, params.network);
      const now = deps.clock.now();
      return {
        network: network.name,
        pools: takenOf(tx, network, now),
        addresses: taken(tx, network, now).map((one) => viewOf(tx, one)),
      };
    }),

  'ip.reserve': ({ deps, params, body, about }) =>
    deps.store.update((tx) => {
      const network = find(tx, params.network);
      about(`${network.name}/${body.name}`);
      const reserved = reserve(tx, network, body.name, body.ip, deps.clock.now());
      return { addresses: reserved.map((one) => viewOf(tx, one)) };
    }),

  'ip.release': ({ deps, params, about }) =>
    deps.store.update((tx) => {
      const network = find(tx, params.network);
      about(`${network.name}/${params.reservation}`);
      return { released: release(tx, network, params.reservation) };
    }),
};

function find(tx: ReadTx, reference: string): SpanningNetwork {
  const network = spanningNetwork(tx, reference);
  if (network !== undefined) return network;
  const [local] = tx.by('networks', 'name', reference);
  if (local !== undefined)
    throw new BerthError(
      'bad_request',
      `network ${reference} lives on one host: its engine gives the addresses`,
      {
        hint: 'networks of the drivers xoverlay and vlan have addresses that can be reserved',
      },
    );
  throw new BerthError('not_found', `there is no network "${reference.slice(0, 128)}"`, {
    hint: '"docker network ls" lists them',
  });
}

/** What each of a network's pools has, and how much of that is not free. */
export function takenOf(
  tx: ReadTx,
  network: SpanningNetwork,
  now: number,
): { subnet: string; range?: string; size: string; taken: number }[] {
  const addresses = taken(tx, network, now);
  return network.span.pools.map(({ subnet, range }) => ({
    subnet,
    ...(range === undefined ? {} : { range }),
    size: String(sizeOf(subnet, range)),
    taken: addresses.filter(({ ip }) => isIn(range ?? subnet, ip)).length,
  }));
}

/** In the order of the addresses; those whose grace time is over are free. */
function taken(tx: ReadTx, { id }: SpanningNetwork, now: number): Address[] {
  const { addressGraceMs } = settingsOf(tx);
  return [...tx.by('addresses', 'network', id)]
    .filter((one) => !isOver(one, now, addressGraceMs))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** IPv4 before IPv6, then by number. */
function orderOf({ ip }: Address): string {
  const parsed = parseIp(ip);
  return `${parsed?.family} ${(parsed?.value ?? 0n).toString(16).padStart(32, '0')}`;
}

function viewOf(tx: ReadTx, address: Address): AddressView {
  const { ip, mac, holder, reservedFor, releasedAt } = address;
  const state = holder.kind !== 'none' ? 'used' : reservedFor === undefined ? 'leaving' : 'reserved';
  return {
    ...{ ip, mac, state, holder: holderText(tx, address), heldBy: heldBy(tx, address) },
    ...(reservedFor === undefined ? {} : { reservedFor }),
    ...(state === 'leaving' ? { freeAt: (releasedAt ?? 0) + settingsOf(tx).addressGraceMs } : {}),
  };
}
