import type { AgentFrame, ManagerFrame } from '../../contract/link.ts';
import { BerthError } from '../../kit/errors.ts';
import { normalIp } from '../../model/ip.ts';
import { isIn } from '../../model/is-in.ts';
import { normalMac } from '../../model/mac.ts';
import type { Span } from '../../model/span.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { giveBack } from './give-back.ts';
import { numberedAlike, putSpanning, removeSpanning } from './make-network.ts';
import { type Given, isHolder, networkFor, plainBase } from './plain-docker.ts';
import { isSpanning } from './spanning.ts';
import { takeEndpoint } from './take-address.ts';

type Hold = AgentFrame & { t: 'hold' };
type HeldNetwork = Hold['networks'][number];
type HeldAddress = Hold['addresses'][number];
type Refused = (ManagerFrame & { t: 'held' })['refused'][number];

/**
 * Brings what the state has for plain docker on a host, and what that host says that it has, to one. What the host does not
 * name is nobody's, unless it was given since its connection began: its list may be older than the answer. What the state
 * does not know is taken in where nobody else has it; returned is the rest.
 */
export function levelPlain(
  tx: WriteTx,
  hostId: string,
  { networks, addresses }: Pick<Hold, 'networks' | 'addresses'>,
  given: Given,
  now: number,
): readonly Refused[] {
  const held = new Set(networks.map(({ network }) => network));
  for (const { id } of [...tx.by('networks', 'plainOn', hostId)])
    if (!held.has(id) && !given.networks.has(id)) removeSpanning(tx, id);
  const had = new Set(addresses.map(({ network, ip }) => `${network}/${normalIp(ip)}`));
  for (const address of [...tx.by('addresses', 'host', hostId)]) {
    const key = `${address.networkId}/${address.ip}`;
    if (!had.has(key) && !given.addresses.has(key)) giveBack(tx, address, now);
  }
  const refusedNetworks = networks.flatMap((one) =>
    refusal({ network: one.network }, () => takeInNetwork(tx, hostId, one, now)),
  );
  const without = new Set(refusedNetworks.map(({ network }) => network));
  const refusedAddresses = addresses
    .filter(({ network }) => !without.has(network))
    .flatMap((one) =>
      refusal({ network: one.network, ip: one.ip }, () => takeInAddress(tx, hostId, one, now)),
    );
  return [...refusedNetworks, ...refusedAddresses];
}

function refusal(what: Omit<Refused, 'reason'>, takeIn: () => void): Refused[] {
  try {
    takeIn();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) throw thrown;
    return [{ ...what, reason: thrown.message }];
  }
}

/** @throws BerthError `conflict` where the state cannot have it beside what it has */
function takeInNetwork(tx: WriteTx, hostId: string, { network: id, span }: HeldNetwork, now: number): void {
  const known = tx.get('networks', id);
  if (known?.plainOn === hostId) return;
  const why = known === undefined ? obstacle(tx, id, span) : `network ${known.name} has its ID`;
  if (why !== undefined)
    throw new BerthError('conflict', `network ${id.slice(0, 12)} of plain docker cannot be taken in: ${why}`);
  const base = plainBase(tx, hostId, id, now);
  putSpanning(tx, { ...base, spec: { Name: base.name, Driver: span.driver }, span });
}

function obstacle(tx: ReadTx, id: string, span: Span): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(id)) return 'that is no ID of a network';
  const driver = spanDriver(span.driver);
  if (driver === undefined) return `the cluster has no network driver "${span.driver.slice(0, 80)}"`;
  const alike = numberedAlike(tx, span);
  if (alike !== undefined) return `network ${alike.name} has the VXLAN identifier ${span.vni}`;
  for (const other of tx.all('networks')) {
    const refused = isSpanning(other) ? driver.refusal?.(span, other) : undefined;
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** @throws BerthError `conflict` with who has it, `not_found` where there is no such network */
function takeInAddress(tx: WriteTx, hostId: string, held: HeldAddress, now: number): void {
  const network = networkFor(tx, hostId, held.network);
  const ip = normalIp(held.ip) ?? held.ip;
  const holder = { kind: 'endpoint' as const, hostId, endpointId: held.endpoint };
  const known = tx.get('addresses', `${network.id}/${ip}`);
  if (known !== undefined && isHolder(known.holder, hostId, held.endpoint)) return;
  // The host's own in any case: it has forgotten by which name it had asked.
  if (known?.holder.kind === 'endpoint' && known.holder.hostId === hostId) {
    tx.put('addresses', { ...known, holder });
    return;
  }
  const subnet = network.span.pools.find((pool) => isIn(pool.subnet, ip))?.subnet;
  const mac = normalMac(held.mac);
  takeEndpoint(tx, now, {
    ...{ network, holder, name: undefined },
    ...(ip.includes(':') ? { ipv6: ip } : { ipv4: ip }),
    ...(subnet === undefined ? {} : { subnet }),
    ...(mac === undefined ? {} : { mac }),
  });
}
