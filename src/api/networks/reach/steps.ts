import type { ReachResult, ReachStep } from '../../../contract/v1/networks.ts';
import type { Dialed, FoundName, LookAnswer } from '../../../model/look.ts';

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
  if (down.length === 0) return { id: 'running', state: 'ok', text: 'both run' };
  const texts = down.map(({ name, hostName, state }) => `${name} on host ${hostName} is ${stateText(state)}`);
  const names = down.map(({ name }) => name).join(' ');
  return { id: 'running', state: 'failed', text: texts.join('; '), hint: `start it: docker start ${names}` };
}

function stateText(state: string): string {
  return state === 'pending' ? 'not reported by its host yet' : state;
}

function networkStep(from: ReachEnd, to: ReachEnd): ReachStep {
  if (to.hostMode)
    return {
      ...{ id: 'network', state: 'ok' },
      text: `${to.name} uses the network of its host: it is reached at ${to.hostAddress}`,
    };
  const own = new Set(from.networks.map(({ key }) => key));
  const common = to.networks.filter(({ key }) => own.has(key));
  if (common.length > 0)
    return { id: 'network', state: 'ok', text: `both are in ${common.map(({ name }) => name).join(', ')}` };
  const [one] = [...to.networks, ...from.networks].filter(({ hasNames }) => hasNames);
  const [network, stranger] =
    one === undefined ? ['NETWORK', from.name] : [one.name, to.networks.includes(one) ? from.name : to.name];
  return {
    ...{ id: 'network', state: 'failed' },
    text: `they have no network in common: ${networksText(from)}; ${networksText(to)}`,
    hint: from.hostMode
      ? `${from.name} uses the network of its host: publish a port of ${to.name} and use the host's address`
      : `docker network connect ${network} ${stranger}`,
  };
}

function networksText({ name, hostMode, networks }: ReachEnd): string {
  if (hostMode) return `${name} uses the network of its host`;
  const names = networks.map((one) => one.name).join(', ');
  return names === '' ? `${name} is in none` : `${name} is in ${names}`;
}

function addressStep({ name, hostName }: ReachEnd, way: ReachWay | undefined): ReachStep {
  if (way === undefined)
    return {
      id: 'address',
      state: 'unknown',
      text: `host ${hostName} has not told which address ${name} has`,
    };
  const { network, address } = way;
  const where = network === undefined ? `of host ${hostName}` : `in ${network.name}`;
  return { id: 'address', state: 'ok', text: `${name} has ${address} ${where}` };
}

function nameStep({ from, to, fromLook }: ReachFacts, { network, address, hasNames }: ReachWay): ReachStep {
  const id = 'name';
  if (!hasNames)
    return {
      ...{ id, state: 'unknown' },
      text:
        network === undefined
          ? `${to.name} has no name for others: it uses the network of its host`
          : `${network.name} is its engine's default network, in which nobody is found by name`,
      hint: 'make a network of their own for them: docker network create NAME',
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
  const asked = servers.join(', ');
  if (state === 'found' && addresses.includes(address))
    return { state: 'ok', text: `${from.name} finds it: ${to.name} is ${addresses.join(', ')}` };
  if (state === 'found')
    return {
      state: 'failed',
      text: `in ${from.name} the name ${to.name} leads to ${addresses.join(', ')}, not to ${address}`,
      hint: 'another container or host has that name too: give one of them another name, or use the address',
    };
  if (state === 'none')
    return {
      state: 'failed',
      text: `${from.name} does not find the name ${to.name}`,
      hint: to.ready
        ? `${from.name} has name servers of its own, or its host has not heard of ${to.name} yet: use the address, or try again`
        : `${to.name} is not ready: names lead only to containers that are`,
    };
  if (state === 'silent')
    return {
      state: 'failed',
      text: `the name server of ${from.name} (${asked}) does not answer`,
      hint: `look at the agent on host ${from.hostName}: it answers names there`,
    };
  return { state: 'failed', text: `${from.name} cannot ask for names: ${reason}` };
}

function pathStep({ from, to, path }: ReachFacts, { network }: ReachWay): ReachStep {
  const id = 'path';
  if (from.hostId === to.hostId)
    return { id, state: 'ok', text: `both are on host ${from.hostName}: nothing has to leave it` };
  const way = `from host ${from.hostName} to host ${to.hostName}`;
  if (network?.driver === 'vlan')
    return {
      id,
      state: 'unknown',
      text: `${way} it goes over the switches of the VLAN, which Berth does not see`,
    };
  if (path === undefined)
    return { id, state: 'unknown', text: `${from.hostName} has not told yet how the data path ${way} is` };
  if (path.ms === null)
    return {
      ...{ id, state: 'failed' },
      text: `the data path ${way} (${to.hostAddress}) is broken: ${path.reason || 'no answer'}`,
      hint: 'let UDP port 4789 through between the hosts, and ESP where the network is encrypted; see "berth node inspect"',
    };
  return { id, state: 'ok', text: `the data path ${way} works, ${path.ms} ms there and back` };
}

function listeningStep({ to, toLook }: ReachFacts, { address }: ReachWay, port: number): ReachStep {
  const id = 'listening';
  if (toLook === undefined || 'problem' in toLook) return notLooked(id, toLook);
  const here = toLook.listening.filter((one) => one.port === port);
  const open = here.find((one) => isFor(one.address, address));
  if (open !== undefined) return { id, state: 'ok', text: `${to.name} listens on ${at(open)}` };
  if (toLook.isCut === true)
    return { id, state: 'unknown', text: `${to.name} listens on more ports than can be told one by one` };
  if (here.length > 0)
    return {
      ...{ id, state: 'failed' },
      text: `${to.name} listens on ${here.slice(0, 8).map(at).join(', ')} only, which others do not reach`,
      hint: 'have it listen on 0.0.0.0, which is all its addresses',
    };
  const own = toLook.listening.filter((one) => one.address !== ENGINE_RESOLVER);
  const others = [...new Set(own.map((one) => one.port))].sort((a, b) => a - b).slice(0, 8);
  return {
    ...{ id, state: 'failed' },
    text:
      others.length === 0
        ? `nothing in ${to.name} listens on any TCP port`
        : `nothing in ${to.name} listens on port ${port}; it listens on ${others.join(', ')}`,
    hint: `look at its log: docker logs ${to.name}`,
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
  const isThere = (one: Dialed | undefined) => one?.state === 'open' || one?.state === 'refused';
  if (tried.state === 'open' || (port === undefined && tried.state === 'refused'))
    return {
      ...{ id, state: 'ok' },
      text: `${from.name} ${port === undefined ? 'gets an answer from' : 'connects to'} ${where} in ${tried.ms} ms`,
    };
  if (tried.state === 'refused')
    return {
      ...{ id, state: 'failed' },
      text: `${to.name} answers, and refuses the connection to ${where}: nobody listens there`,
      hint: `look whether its process runs and listens: docker logs ${to.name}`,
    };
  if (tried.state === 'unreachable')
    return {
      ...{ id, state: 'failed' },
      text: `no way leads from ${from.name} to ${where}: ${tried.reason}`,
      hint: `take ${to.name} off the network and connect it again; if that does not help, see "berth node inspect ${from.hostName}"`,
    };
  if (isThere(knocked))
    return {
      ...{ id, state: 'failed' },
      text: `${to.name} answers at ${address}, but says nothing at ${where}`,
      hint: `a firewall in ${to.name} drops it, or its process takes no more connections`,
    };
  return {
    ...{ id, state: 'failed' },
    text: `nothing comes back from ${where}`,
    hint: `a firewall drops it: look at the rules of hosts ${[...new Set([from.hostName, to.hostName])].join(' and ')} (iptables -L -v, nft list ruleset), and at those in ${to.name}`,
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
