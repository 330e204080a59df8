import type { ReachResult, ReachStep } from '../../../contract/v1/networks.ts';
import type { Dialed, FoundName, LookAnswer } from '../../../model/look.ts';
import { say } from '../../../model/said/index.ts';

/** Beside the port that was asked for: hardly anybody listens there, and whoever is there says so at once. */
export const KNOCK_PORT = 1;

/** Where an engine answers names within a container. */
const ENGINE_RESOLVER = '127.0.0.11';

/** A container in one network. */
export type Attachment = Readonly<{
  /** See `networkKey`. */
  key: string;
  name: string;
  driver: string;
  /** Of the engine's default bridge there are no names. */
  hasNames: boolean;
  ipv4?: string | undefined;
  ipv6?: string | undefined;
}>;

/** One end of the way, as the manager knows it. */
export type ReachEnd = Readonly<{
  id: string;
  name: string;
  hostId: string;
  hostName: string;
  /** Docker's word; `pending` where its host has not reported it. */
  state: string;
  /** Names lead to it. */
  ready: boolean;
  /** It uses the network of its host. */
  hostMode: boolean;
  networks: readonly Attachment[];
  /** Where others reach its host. */
  hostAddress: string;
}>;

/** What was found out of a host, or why nothing was. */
export type Looked = LookAnswer | Readonly<{ problem: string; hint?: string | undefined }>;

/** The data path between the hosts, as the first one has told of it last. */
export type WirePath = Readonly<{ ms: number | null; reason: string }>;

export type ReachFacts = Readonly<{
  from: ReachEnd;
  to: ReachEnd;
  port: number | undefined;
  /** Undefined where nothing was to be looked at. */
  fromLook: Looked | undefined;
  toLook: Looked | undefined;
  path: WirePath | undefined;
}>;

/** Where the other one is to be tried; undefined where there is no way to it. */
export type ReachWay = Readonly<{ network: Attachment | undefined; address: string; hasNames: boolean }>;

/** The way from one to the other: their common network that is best known, or the address of the other's host. */
export function wayBetween(from: ReachEnd, to: ReachEnd): ReachWay | undefined {
  if (to.hostMode)
    return to.hostAddress === ''
      ? undefined
      : { network: undefined, address: to.hostAddress, hasNames: false };
  const own = new Set(from.networks.map(({ key }) => key));
  const common = to.networks.filter(({ key }) => own.has(key));
  const network = common.find(({ hasNames }) => hasNames) ?? common[0];
  const address = network?.ipv4 ?? network?.ipv6;
  return network === undefined || address === undefined
    ? undefined
    : { network, address, hasNames: network.hasNames };
}

/** Says step by step what was found, in the order in which a packet comes by. Pure. */
export function reachResult(facts: ReachFacts): ReachResult {
  const { from, to, port } = facts;
  const way = wayBetween(from, to);
  const steps: ReachStep[] = [];
  const add = (step: ReachStep) => {
    steps.push(step);
    return step.state !== 'failed';
  };
  const isWay = add(runningStep(from, to)) && add(networkStep(from, to));
  if (isWay) add(addressStep(to, way));
  if (isWay && way !== undefined) {
    add(nameStep(facts, way));
    add(pathStep(facts, way));
    if (port !== undefined) add(listeningStep(facts, way, port));
    add(connectionStep(facts, way));
  }
  const connection = steps.find(({ id }) => id === 'connection');
  const isBroken = steps.some(({ state }) => state === 'failed');
  return {
    verdict: connection?.state === 'ok' ? 'reached' : isBroken ? 'broken' : 'unknown',
    from: endOf(from),
    to: endOf(to),
    ...(way?.network === undefined ? {} : { network: way.network.name }),
    ...(way === undefined ? {} : { address: way.address }),
    ...(port === undefined ? {} : { port }),
    steps: [...steps, ...skipped(steps, port)],
  };
}

const ORDER = ['running', 'network', 'address', 'name', 'path', 'listening', 'connection'] as const;

function skipped(done: readonly ReachStep[], port: number | undefined): ReachStep[] {
  const known = new Set(done.map(({ id }) => id));
  return ORDER.filter((id) => !known.has(id) && (id !== 'listening' || port !== undefined)).map((id) => ({
    ...{ id, state: 'skipped', text: '' },
  }));
}

function endOf({ id, name, hostName }: ReachEnd): ReachResult['from'] {
  return { id, name, hostName };
}

function runningStep(from: ReachEnd, to: ReachEnd): ReachStep {
  const down = [from, to].filter(({ state }) => state !== 'running');
  if (down.length === 0) return { id: 'running', state: 'ok', text: say('hosts.reach.run') };
  const texts = down.map(({ name, hostName: host, state }) =>
    say('hosts.reach.is', { name, host, state: stateText(state) }),
  );
  const names = down.map(({ name }) => name).join(' ');
  const hint = say('hosts.reach.start', { names });
  return { id: 'running', state: 'failed', text: texts.join('; '), hint };
}

function stateText(state: string): string {
  return state === 'pending' ? say('hosts.reach.is.pending') : state;
}

function networkStep(from: ReachEnd, to: ReachEnd): ReachStep {
  if (to.hostMode)
    return {
      ...{ id: 'network', state: 'ok' },
      text: say('hosts.reach.hostMode.at', { name: to.name, address: to.hostAddress }),
    };
  const own = new Set(from.networks.map(({ key }) => key));
  const common = to.networks.filter(({ key }) => own.has(key));
  if (common.length > 0)
    return { id: 'network', state: 'ok', text: say('hosts.reach.both', { networks: namesOf(common) }) };
  const [one] = [...to.networks, ...from.networks].filter(({ hasNames }) => hasNames);
  const [network, stranger] =
    one === undefined ? ['NETWORK', from.name] : [one.name, to.networks.includes(one) ? from.name : to.name];
  return {
    ...{ id: 'network', state: 'failed' },
    text: say('hosts.reach.apart', { each: `${networksText(from)}; ${networksText(to)}` }),
    hint: from.hostMode
      ? say('hosts.reach.hostMode.publish', { name: from.name, other: to.name })
      : `docker network connect ${network} ${stranger}`,
  };
}

function networksText({ name, hostMode, networks }: ReachEnd): string {
  if (hostMode) return say('hosts.reach.hostMode', { name });
  if (networks.length === 0) return say('hosts.reach.inNone', { name });
  return say('hosts.reach.in', { name, networks: namesOf(networks) });
}

function namesOf(networks: readonly Attachment[]): string {
  return networks.map(({ name }) => name).join(', ');
}

function addressStep({ name, hostName: host }: ReachEnd, way: ReachWay | undefined): ReachStep {
  const id = 'address';
  if (way === undefined)
    return { id, state: 'unknown', text: say('hosts.reach.address.untold', { host, name }) };
  const { network, address } = way;
  const text =
    network === undefined
      ? say('hosts.reach.address.host', { name, address, host })
      : say('hosts.reach.address', { name, address, network: network.name });
  return { id, state: 'ok', text };
}

function nameStep({ from, to, fromLook }: ReachFacts, { network, address, hasNames }: ReachWay): ReachStep {
  const id = 'name';
  if (!hasNames)
    return {
      ...{ id, state: 'unknown' },
      text:
        network === undefined
          ? say('hosts.reach.nameless.host', { name: to.name })
          : say('hosts.reach.nameless', { network: network.name }),
      hint: say('hosts.reach.nameless.hint'),
    };
  if (fromLook === undefined || 'problem' in fromLook) return notLooked(id, fromLook);
  const { name: found } = fromLook;
  if (found === undefined) return notLooked(id, undefined);
  return { id, ...nameFinding(found, { from, to, address }) };
}

function nameFinding(
  { state, addresses, servers, reason }: FoundName,
  { from, to, address }: Readonly<{ from: ReachEnd; to: ReachEnd; address: string }>,
): Omit<ReachStep, 'id'> {
  const names = { from: from.name, to: to.name };
  const found = { ...names, addresses: addresses.join(', ') };
  if (state === 'found' && addresses.includes(address))
    return { state: 'ok', text: say('hosts.reach.name', found) };
  if (state === 'found')
    return {
      state: 'failed',
      text: say('hosts.reach.name.other', { ...found, address }),
      hint: say('hosts.reach.name.other.hint'),
    };
  if (state === 'none')
    return {
      state: 'failed',
      text: say('hosts.reach.name.none', names),
      hint: to.ready
        ? say('hosts.reach.name.none.hint', names)
        : say('hosts.reach.name.unready', { to: to.name }),
    };
  if (state === 'silent')
    return {
      state: 'failed',
      text: say('hosts.reach.name.silent', { from: from.name, asked: servers.join(', ') }),
      hint: say('hosts.reach.name.silent.hint', { host: from.hostName }),
    };
  return { state: 'failed', text: say('hosts.reach.name.failed', { from: from.name, reason }) };
}

function pathStep({ from, to, path }: ReachFacts, { network }: ReachWay): ReachStep {
  const id = 'path';
  if (from.hostId === to.hostId)
    return { id, state: 'ok', text: say('hosts.reach.path.same', { host: from.hostName }) };
  const way = { from: from.hostName, to: to.hostName };
  if (network?.driver === 'vlan') return { id, state: 'unknown', text: say('hosts.reach.path.vlan', way) };
  if (path === undefined)
    return { id, state: 'unknown', text: say('hosts.reach.path.untold', { ...way, host: from.hostName }) };
  const { ms, reason } = path;
  if (ms === null) {
    const why = reason || say('hosts.path.silent');
    return {
      ...{ id, state: 'failed' },
      text: say('hosts.reach.path.broken', { ...way, address: to.hostAddress, why }),
      hint: say('hosts.reach.path.broken.hint'),
    };
  }
  return { id, state: 'ok', text: say('hosts.reach.path', { ...way, ms }) };
}

function listeningStep({ to, toLook }: ReachFacts, { address }: ReachWay, port: number): ReachStep {
  const id = 'listening';
  if (toLook === undefined || 'problem' in toLook) return notLooked(id, toLook);
  const here = toLook.listening.filter((one) => one.port === port);
  const open = here.find((one) => isFor(one.address, address));
  const { name } = to;
  if (open !== undefined)
    return { id, state: 'ok', text: say('hosts.reach.listens', { name, where: at(open) }) };
  if (toLook.isCut === true) return { id, state: 'unknown', text: say('hosts.reach.listens.many', { name }) };
  if (here.length > 0)
    return {
      ...{ id, state: 'failed' },
      text: say('hosts.reach.listens.own', { name, where: here.slice(0, 8).map(at).join(', ') }),
      hint: say('hosts.reach.listens.own.hint'),
    };
  const own = toLook.listening.filter((one) => one.address !== ENGINE_RESOLVER);
  const others = [...new Set(own.map((one) => one.port))].sort((a, b) => a - b).slice(0, 8);
  return {
    ...{ id, state: 'failed' },
    text:
      others.length === 0
        ? say('hosts.reach.listens.none', { name })
        : [
            say('hosts.reach.listens.not', { name, port }),
            say('hosts.reach.listens.others', { ports: others.join(', ') }),
          ].join('; '),
    hint: say('hosts.reach.listens.hint', { name }),
  };
}

/** Whether who listens there hears what comes to `address`. */
function isFor(listening: string, address: string): boolean {
  const isSix = address.includes(':');
  // Without a word against it a socket of IPv6 hears IPv4 as well (Linux: net.ipv6.bindv6only).
  if (listening === '::') return true;
  if (listening === '0.0.0.0') return !isSix;
  return listening === address || listening === `::ffff:${address}`;
}

function at({ address, port }: LookAnswer['listening'][number]): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function connectionStep({ from, to, port, fromLook }: ReachFacts, { address }: ReachWay): ReachStep {
  const id = 'connection';
  if (fromLook === undefined || 'problem' in fromLook) return notLooked(id, fromLook);
  const tried = fromLook.dialed.find((one) => one.port === (port ?? KNOCK_PORT));
  if (tried === undefined) return notLooked(id, undefined);
  const knocked = fromLook.dialed.find((one) => one.port === KNOCK_PORT);
  const where = port === undefined ? address : at({ address, port });
  const { name } = to;
  const isThere = (one: Dialed | undefined) => one?.state === 'open' || one?.state === 'refused';
  if (tried.state === 'open' || (port === undefined && tried.state === 'refused'))
    return {
      ...{ id, state: 'ok' },
      text: say(port === undefined ? 'hosts.reach.answers' : 'hosts.reach.connects', {
        ...{ name: from.name, where, ms: tried.ms },
      }),
    };
  if (tried.state === 'refused')
    return {
      ...{ id, state: 'failed' },
      text: say('hosts.reach.refused', { name, where }),
      hint: say('hosts.reach.refused.hint', { name }),
    };
  if (tried.state === 'unreachable')
    return {
      ...{ id, state: 'failed' },
      text: say('hosts.reach.noWay', { name: from.name, where, reason: tried.reason }),
      hint: say('hosts.reach.noWay.hint', { name, host: from.hostName }),
    };
  if (isThere(knocked))
    return {
      ...{ id, state: 'failed' },
      text: say('hosts.reach.filtered', { name, address, where }),
      hint: say('hosts.reach.filtered.hint', { name }),
    };
  const hosts = { from: from.hostName, to: to.hostName };
  return {
    ...{ id, state: 'failed' },
    text: say('hosts.reach.silent', { where }),
    hint:
      hosts.from === hosts.to
        ? say('hosts.reach.silent.one', { name, host: hosts.to })
        : say('hosts.reach.silent.two', { name, ...hosts }),
  };
}

function notLooked(
  id: ReachStep['id'],
  looked: Readonly<{ problem: string; hint?: string | undefined }> | undefined,
): ReachStep {
  if (looked === undefined) return { id, state: 'skipped', text: '' };
  const { problem, hint } = looked;
  return { id, state: 'unknown', text: problem, ...(hint === undefined ? {} : { hint }) };
}
