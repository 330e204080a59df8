import type { NetworkAsk } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import { BerthError } from '../../kit/errors.ts';
import { newLongId } from '../../kit/ids.ts';
import { normalIp } from '../../model/ip.ts';
import type { Endpoint, Span } from '../../model/span.ts';
import { spanDriver } from '../../model/spanning/registry.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { giveBack } from './give-back.ts';
import { makeSpanning, removeSpanning } from './make-network.ts';
import { isSpanning, type SpanningNetwork } from './spanning.ts';
import { takeEndpoint } from './take-address.ts';

/** What the host is told. */
export type AskAnswer = Readonly<{ network?: string; span?: Span; endpoint?: Endpoint }>;
/** What was given to a host since its connection began, by the keys of their records: what it said before may be older. */
export type Given = Readonly<{ networks: Set<string>; addresses: Set<string> }>;
type Asked<Op extends NetworkAsk['op']> = NetworkAsk & Readonly<{ op: Op }>;

/**
 * Answers what a host's engine asks of its plugins for networks and containers of plain docker. What may be asked twice, as a
 * connection was lost meanwhile, is answered alike.
 * @throws BerthError in words for whoever typed the command on that host
 */
export async function answerAsk(
  { store, clock }: Readonly<{ store: Store; clock: Clock }>,
  hostId: string,
  ask: NetworkAsk,
  given: Given,
): Promise<AskAnswer> {
  const now = clock.now();
  return store.update((tx) => {
    switch (ask.op) {
      case 'create-network':
      case 'take-address': {
        const answer = ask.op === 'take-address' ? take(tx, hostId, ask, now) : create(tx, hostId, ask, now);
        noteGiven(given, ask, answer);
        return answer;
      }
      case 'delete-network':
        forgetRefused(tx, hostId, ask);
        if (tx.get('networks', ask.network)?.plainOn === hostId) removeSpanning(tx, ask.network);
        return {};
      case 'give-back': {
        forgetRefused(tx, hostId, ask);
        const record = tx.get('addresses', `${ask.network}/${ask.ip}`);
        if (record !== undefined && isHolder(record.holder, hostId, ask.endpoint)) giveBack(tx, record, now);
        return {};
      }
    }
  });
}

function noteGiven(given: Given, ask: NetworkAsk, { network, endpoint }: AskAnswer): void {
  if (ask.op === 'create-network' && network !== undefined) given.networks.add(network);
  if (ask.op !== 'take-address') return;
  for (const ip of [endpoint?.ipv4, endpoint?.ipv6])
    if (ip !== undefined) given.addresses.add(`${ask.network}/${ip}`);
}

/** The host has no more of what was another's. */
function forgetRefused(
  tx: WriteTx,
  hostId: string,
  { network, ip }: Readonly<{ network: string; ip?: string }>,
): void {
  const record = tx.get('plainRefusals', hostId);
  if (record === undefined) return;
  const refused = record.refused.filter(
    (one) => one.network !== network || (ip !== undefined && one.ip !== ip),
  );
  tx.put('plainRefusals', { ...record, refused });
}

function create(tx: WriteTx, hostId: string, ask: Asked<'create-network'>, now: number): AskAnswer {
  const driver = spanDriver(ask.driver);
  if (driver === undefined)
    throw new BerthError('bad_request', `the cluster has no network driver "${ask.driver.slice(0, 80)}"`);
  const base = plainBase(tx, hostId, newLongId(), now);
  const { pools, options, internal } = ask;
  const ipv6 = pools.some(({ subnet }) => subnet.includes(':'));
  const { span } = makeSpanning(
    tx,
    driver,
    { pools, ipv6, internal, options },
    { ...base, spec: { Name: base.name, Driver: driver.name, Options: options } },
  );
  return { network: base.id, span };
}

/** Of the record of a network that was made with plain docker. */
export function plainBase(tx: ReadTx, hostId: string, id: string, createdAt: number) {
  const createdBy = tx.get('hosts', hostId)?.name ?? hostId;
  const name = `${createdBy}/${id.slice(0, 12)}`;
  return { kind: 'network', id, name, createdAt, createdBy, plainOn: hostId } as const;
}

function take(tx: WriteTx, hostId: string, ask: Asked<'take-address'>, now: number): AskAnswer {
  const network = networkFor(tx, hostId, ask.network);
  const six = ask.subnet.includes(':');
  if (!network.span.pools.some(({ subnet }) => subnet === ask.subnet))
    throw new BerthError('bad_request', `network ${network.name} has no subnet ${ask.subnet.slice(0, 80)}`);
  const ip = ask.ip === undefined ? undefined : normalIp(ask.ip);
  if (ask.ip !== undefined && (ip === undefined || ip.includes(':') !== six))
    throw new BerthError('bad_request', `invalid address ${ask.ip.slice(0, 80)} in subnet ${ask.subnet}`);
  const known = [...tx.by('addresses', 'host', hostId)].filter(
    ({ networkId, holder }) => networkId === network.id && isHolder(holder, hostId, ask.endpoint),
  );
  const before = known.find((one) => one.ip.includes(':') === six && (ip === undefined || one.ip === ip));
  if (before !== undefined)
    return { endpoint: { ...(six ? { ipv6: before.ip } : { ipv4: before.ip }), mac: before.mac } };
  const holder = { kind: 'endpoint' as const, hostId, endpointId: ask.endpoint };
  const endpoint = takeEndpoint(tx, now, {
    network,
    holder: ask.name === undefined ? holder : { ...holder, name: ask.name },
    name: ask.name,
    subnet: ask.subnet,
    ...(ip === undefined ? {} : six ? { ipv6: ip } : { ipv4: ip }),
    // The other family of the same endpoint came first.
    ...(known[0] === undefined ? {} : { mac: known[0].mac }),
  });
  return { endpoint };
}

/**
 * The host's own networks, and those of the cluster.
 * @throws BerthError `not_found`
 */
export function networkFor(tx: ReadTx, hostId: string, id: string): SpanningNetwork {
  const network = tx.get('networks', id);
  if (isSpanning(network) && (network.plainOn === undefined || network.plainOn === hostId)) return network;
  throw new BerthError('not_found', `the cluster has no network ${id.slice(0, 64)} for this host`, {
    hint: 'it was removed meanwhile: remove it here as well, and make it anew',
  });
}

export function isHolder(
  holder: Readonly<{ kind: string; hostId?: string; endpointId?: string }>,
  hostId: string,
  endpointId: string,
): boolean {
  return holder.kind === 'endpoint' && holder.hostId === hostId && holder.endpointId === endpointId;
}

/** What a host asked for goes when it is no host any more: its networks, and its containers' addresses in others. */
export function forgetPlainDocker(tx: WriteTx, hostId: string, now: number): void {
  for (const { id } of [...tx.by('networks', 'plainOn', hostId)]) removeSpanning(tx, id);
  for (const address of [...tx.by('addresses', 'host', hostId)]) giveBack(tx, address, now);
}
