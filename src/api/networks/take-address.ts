import { BerthError } from '../../kit/errors.ts';
import type { Address, AddressHolder } from '../../model/address.ts';
import {
  contains,
  type Family,
  formatIp,
  parseIp,
  parseSubnet,
  type Subnet,
  usable,
  usableIn,
} from '../../model/ip.ts';
import { macOf } from '../../model/mac.ts';
import type { Network } from '../../model/objects.ts';
import { say } from '../../model/said/index.ts';
import type { Endpoint, Pool, Span } from '../../model/span.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import { settingsOf } from '../../store/settings.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { fullPool } from './full-pool.ts';
import { holderText } from './holder-text.ts';

/** Who takes, and what is asked for. */
export type Taker = Readonly<{
  network: Network & Readonly<{ span: Span }>;
  holder: AddressHolder;
  /** Reservations for it are its own, as is what a container of this name had shortly before. */
  name: string | undefined;
  /** Just this address or a refusal, in its shortest form. */
  ipv4?: string;
  ipv6?: string;
  mac?: string;
  /** Only from this one of the network's subnets; then nothing of the other family is taken. */
  subnet?: string;
}>;

/**
 * One address of each family that the network has: the one that was asked for, else the one that is reserved for the name
 * or was its last one, else the lowest free one after the last that was given.
 * @throws BerthError `bad_request` for an address outside of the pools; `conflict` for one that is taken, saying by whom,
 *   or where none is free
 */
export function takeEndpoint(tx: WriteTx, now: number, taker: Taker): Endpoint {
  const { network } = taker;
  const taken = new Map<Family, string>();
  for (const family of [4, 6] as const) {
    const asked = family === 4 ? taker.ipv4 : taker.ipv6;
    const pools = poolsOf(taker, family);
    if (asked !== undefined) taken.set(family, given(tx, taker, asked));
    else if (pools.length > 0) taken.set(family, kept(tx, taker, family) ?? next(tx, taker, family, now));
  }
  const ips = [...taken.values()];
  const mac = taker.mac ?? macOf(parseIp(ips[0] ?? '') ?? { family: 4, value: 0n });
  for (const ip of ips) {
    const before = tx.get('addresses', keyOf(network, ip));
    const reserved = before?.reservedFor === undefined ? {} : { reservedFor: before.reservedFor };
    tx.put('addresses', {
      ...{ kind: 'address', networkId: network.id, ip, mac, holder: taker.holder },
      ...reserved,
    });
  }
  return { ipv4: taken.get(4), ipv6: taken.get(6), mac };
}

function poolsOf({ network, subnet: only }: Taker, family: Family): readonly Pool[] {
  return network.span.pools.filter(
    ({ subnet }) => subnet.includes(':') === (family === 6) && (only === undefined || subnet === only),
  );
}

function keyOf({ id }: Network, ip: string): string {
  return `${id}/${ip}`;
}

/** The address that was asked for, if it can be had. One that is free but for the grace time can. */
function given(tx: ReadTx, { network, name }: Taker, text: string): string {
  const ip = parseIp(text);
  const pools = network.span.pools.flatMap(({ subnet }) => parseSubnet(subnet) ?? []);
  const pool = ip && pools.find((one) => contains(one, ip));
  if (ip === undefined || pool === undefined || !isUsable(pool, ip.value))
    throw new BerthError(
      'bad_request',
      `invalid address ${text}: it is not in the pools of network ${network.name}`,
      { hint: `possible are ${pools.map(spanText).join(', ')}` },
    );
  const record = tx.get('addresses', keyOf(network, text));
  const open =
    record === undefined ||
    (isLeft(tx, record) && (record.reservedFor === undefined || record.reservedFor === name));
  if (!open)
    throw new BerthError(
      'conflict',
      say('hosts.holder', { address: text, network: network.name, holder: holderText(tx, record) }),
    );
  const other = elsewhere(tx, network).get(text);
  if (other !== undefined)
    throw new BerthError(
      'conflict',
      `Address already in use: ${text} of network ${network.name} is held by ${other}`,
    );
  return text;
}

/** What is reserved for the name, or what a container of that name had last; not where an orphan runs with it. */
function kept(tx: ReadTx, taker: Taker, family: Family): string | undefined {
  const { network, name } = taker;
  if (name === undefined) return undefined;
  const pools = poolsOf(taker, family).flatMap(({ subnet }) => parseSubnet(subnet) ?? []);
  for (const index of ['reservedFor', 'formerly']) {
    for (const record of tx.by('addresses', index, name)) {
      if (record.networkId !== network.id || !isLeft(tx, record)) continue;
      const ip = parseIp(record.ip);
      if (ip === undefined || !pools.some((pool) => contains(pool, ip))) continue;
      if (record.reservedFor !== undefined && record.reservedFor !== name) continue;
      if (elsewhere(tx, network).has(record.ip)) continue;
      return record.ip;
    }
  }
  return undefined;
}

/**
 * Nobody has it, or a container that was given up: it waits for its host, which is down, to come back and remove it. Whoever
 * asks for the address by name or number gets it then; nobody else, as that host may be alive.
 */
function isLeft(tx: ReadTx, { holder }: Address): boolean {
  if (holder.kind !== 'container') return holder.kind === 'none';
  const container = tx.get('containers', holder.id);
  if (container?.desired.state !== 'removed') return false;
  return tx.get('hostStatus', container.assigned.hostId)?.state === 'down';
}

/**
 * What a container has given back becomes its own again, with the MAC that it had. Returns what has become another's
 * meanwhile, as it is now.
 */
export function takeBack(tx: WriteTx, name: string, had: readonly Address[]): readonly Address[] {
  return had.flatMap((before) => {
    const key = `${before.networkId}/${before.ip}`;
    const found = tx.get('addresses', key);
    const reservedFor = found?.reservedFor;
    if (found !== undefined && !(isLeft(tx, found) && (reservedFor ?? name) === name)) return [found];
    const { reservedFor: _, ...own } = before;
    tx.put('addresses', reservedFor === undefined ? own : { ...own, reservedFor });
    return [];
  });
}

/** The lowest free address after the last one that its pool has given, then from the pool's beginning. */
function next(tx: WriteTx, taker: Taker, family: Family, now: number): string {
  const { network } = taker;
  const { addressGraceMs } = settingsOf(tx);
  const others = elsewhere(tx, network);
  const isFree = (ip: string) => {
    const record = tx.get('addresses', keyOf(network, ip));
    return (record === undefined || isOver(record, now, addressGraceMs)) && !others.has(ip);
  };
  for (const { subnet: text, range } of poolsOf(taker, family)) {
    const subnet = parseSubnet(text);
    if (subnet === undefined) continue;
    const { lowest: from, highest: to } = usableIn(subnet, parseSubnet(range ?? text) ?? subnet);
    const cursor = tx.get('addressCursors', `${network.id}/${text}`);
    const last = cursor && parseIp(cursor.ip)?.value;
    const start = last === undefined || last < from || last >= to ? from : last + 1n;
    const found = firstFree(family, start, to, isFree) ?? firstFree(family, from, start - 1n, isFree);
    if (found === undefined) continue;
    tx.put('addressCursors', { kind: 'address-cursor', networkId: network.id, subnet: text, ip: found });
    return found;
  }
  throw fullPool(tx, network, family, now);
}

function firstFree(
  family: Family,
  from: bigint,
  to: bigint,
  isFree: (ip: string) => boolean,
): string | undefined {
  for (let value = from; value <= to; value++) {
    const ip = formatIp({ family, value });
    if (isFree(ip)) return ip;
  }
  return undefined;
}

/** Its holder is gone for longer than the grace time, and nobody has reserved it. */
export function isOver({ releasedAt, reservedFor }: Address, now: number, graceMs: number): boolean {
  return releasedAt !== undefined && reservedFor === undefined && now - releasedAt >= graceMs;
}

function isUsable(subnet: Subnet, value: bigint): boolean {
  const { lowest, highest } = usable(subnet);
  return value >= lowest && value <= highest;
}

function spanText(subnet: Subnet): string {
  const { lowest, highest } = usable(subnet);
  const { family } = subnet;
  return `${formatIp({ family, value: lowest })} to ${formatIp({ family, value: highest })}`;
}

/** Of all hosts that have ever said one: what a host said last counts until it has connected again. */
export function dataAddresses(
  tx: ReadTx,
): readonly Readonly<{ id: string; name: string; address: string }>[] {
  return [...tx.all('hosts')].flatMap(({ id, name, dataAddress }) => {
    const address = tx.get('hostStatus', id)?.dataAddress || dataAddress;
    return address === undefined ? [] : [{ id, name, address }];
  });
}

/**
 * Addresses of the network that are in use though no record says so: hosts' own ones where the subnet is the company's, and
 * those of containers that a state which was put back does not know.
 */
export function elsewhere(
  tx: ReadTx,
  { id, span }: Pick<Taker['network'], 'id' | 'span'>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (spanDriver(span.driver)?.subnets === 'outside')
    for (const { address, name } of dataAddresses(tx)) found.set(address, `host ${name}`);
  if (tx.count('orphans') === 0) return found;
  for (const { name, hostId, held } of tx.all('orphans')) {
    const endpoint = held?.needs.networks.find((one) => one.id === id)?.endpoint;
    const text = `orphan ${name} on host ${tx.get('hosts', hostId)?.name ?? hostId}`;
    if (endpoint?.ipv4 !== undefined) found.set(endpoint.ipv4, text);
    if (endpoint?.ipv6 !== undefined) found.set(endpoint.ipv6, text);
  }
  return found;
}
