import { BerthError } from '../../kit/errors.ts';
import type { Address } from '../../model/address.ts';
import type { Family } from '../../model/ip.ts';
import { parseSubnet, usableIn } from '../../model/ip.ts';
import type { Network } from '../../model/objects.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx } from '../../store/store.ts';

/** How many names an error lists before it says "and n more". */
const NAMED = 5;

/** No address is free: how many there are, and what holds them. Begins in Docker's words (libnetwork: ipam). */
export function fullPool(tx: ReadTx, network: Network, family: Family, now: number): BerthError {
  const pools = (network.span?.pools ?? []).filter(({ subnet }) => subnet.includes(':') === (family === 6));
  const sizes = pools.map(({ subnet, range }) => `${range ?? subnet} has ${sizeOf(subnet, range)}`);
  const held = [...tx.by('addresses', 'network', network.id)].filter(
    ({ ip }) => ip.includes(':') === (family === 6),
  );
  const { addressGraceMs } = settingsOf(tx);
  const leaving = held.filter(({ releasedAt, reservedFor }) => releasedAt !== undefined && !reservedFor);
  const first = Math.min(...leaving.map(({ releasedAt }) => (releasedAt ?? 0) + addressGraceMs - now));
  const parts = [
    count(
      'container',
      held.flatMap(({ holder }) => nameOf(tx, holder)),
    ),
    count(
      'reservation',
      held.flatMap(({ holder, reservedFor }) => (holder.kind === 'none' && reservedFor ? [reservedFor] : [])),
    ),
    count(
      'auxiliary address',
      held.flatMap(({ holder }) => (holder.kind === 'aux' ? [holder.name] : [])),
    ),
    held.some(({ holder }) => holder.kind === 'gateway') ? 'the gateway' : '',
    leaving.length === 0
      ? ''
      : `${leaving.length} of containers that are gone, the first free again in ${Math.ceil(first / 1000)} s`,
  ].filter((part) => part !== '');
  return new BerthError(
    'conflict',
    `no available IPv${family} addresses on this network's address pools: ${network.name}: ${sizes.join(', ')}, all in use: ${parts.join(', ')}`,
    { hint: 'remove containers, give reservations up with "berth ip release", or make a larger network' },
  );
}

/** Addresses of a pool that an interface may have. */
export function sizeOf(subnet: string, range: string | undefined): bigint {
  const whole = parseSubnet(subnet);
  const part = parseSubnet(range ?? subnet);
  if (whole === undefined || part === undefined) return 0n;
  const { lowest, highest } = usableIn(whole, part);
  return highest - lowest + 1n;
}

function nameOf(tx: ReadTx, holder: Address['holder']): string[] {
  if (holder.kind === 'container') return [tx.get('containers', holder.id)?.name ?? holder.id.slice(0, 12)];
  return holder.kind === 'endpoint' ? [holder.name ?? holder.endpointId.slice(0, 12)] : [];
}

/** `3 containers (a, b, c)`; empty for none. */
function count(noun: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const plural = noun.endsWith('s') ? `${noun}es` : `${noun}s`;
  return `${names.length} ${names.length === 1 ? noun : plural} (${names.slice(0, NAMED).join(', ')}${more})`;
}
