import { randomBytes } from 'node:crypto';
import type { AgentFrame, NetworkAsk } from '../../contract/link.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Endpoint, Pool } from '../../model/span.ts';
import type { BookedEndpoint, BookedNetwork, HostBook, Lease, PlainPool } from '../../network/index.ts';
import type { Holding } from '../holding.ts';
import type { Answer, Asks } from './asks.ts';
import type { NetworkFiles } from './network-files.ts';

/** For so long after a request for something the engine may be at making it: it gives a plugin's request up long before. */
const MAKING_MS = 120_000;
/** As the engine's ID of a network that it has yet to make. */
const UNMADE = '';
/** Until what no manager could take back now is told again; a new connection does not wait for it. */
const TELL_AGAIN_MS = 30_000;

type BookDeps = Readonly<{
  files: NetworkFiles;
  asks: Asks;
  /** What the host must hold: assignments say which networks and addresses containers have. */
  holdings(): Iterable<Holding>;
  logger: Logger;
  /** Instead of `TELL_AGAIN_MS`. */
  tellAgainMs?: number;
}>;

/** A network that the engine has made. */
export type MadeNetwork = BookedNetwork & Readonly<{ engineId: string }>;

/** What the plugins know, from the assignments and from what is kept of engine-side networks; see `HostBook`. */
export class NetworkBook implements HostBook {
  private telling: Promise<void> | undefined;
  private tellAgain: NodeJS.Timeout | undefined;
  private closed = false;
  /** When the engine began to make it, in this life of the agent; monotonic milliseconds. */
  private readonly boundAt = new Map<string, number>();
  /** When a plugin was asked last for an address, an endpoint or a pool, by `network/ip` or ID; monotonic milliseconds. */
  private readonly usedAt = new Map<string, number>();

  constructor(private readonly deps: BookDeps) {
    deps.asks.onLateAnswer((ask, answer) => this.undo(ask, answer));
  }

  network(id: string): BookedNetwork | undefined {
    return this.state.networks[id] ?? this.assigned(id);
  }

  /** Those that the engine has made. */
  bound(): MadeNetwork[] {
    return Object.values(this.state.networks).filter(({ engineId }) => engineId !== UNMADE);
  }

  /** Of plain docker, given by the manager, and never made: the agent or the engine ended in between. */
  unmade(): BookedNetwork[] {
    return Object.values(this.state.networks).filter(
      ({ id, engineId }) => engineId === UNMADE && !this.isNew(id),
    );
  }

  /** The engine may be at making it: until then it does not list it. */
  isNew(id: string): boolean {
    return performance.now() - (this.boundAt.get(id) ?? Number.NEGATIVE_INFINITY) < MAKING_MS;
  }

  networkOfEngine(engineId: string): BookedNetwork | undefined {
    return this.bound().find((network) => network.engineId === engineId);
  }

  /** There is something of which the engine does not tell when it goes: it may have been given up without a word. */
  get isUnsure(): boolean {
    const { leases, networks, pools } = this.state;
    const isOpen = ({ id, engineId }: MadeNetwork) => engineId === UNMADE || this.isNew(id);
    return (
      leases.length > 0 ||
      Object.values(networks).some(isOpen) ||
      Object.values(pools).some(({ network }) => network === undefined)
    );
  }

  /** A plugin was asked for it lately: `network/ip`, or an endpoint's ID. */
  isInUse(key: string): boolean {
    return performance.now() - (this.usedAt.get(key) ?? Number.NEGATIVE_INFINITY) < MAKING_MS;
  }

  /** Of containers that are not of the cluster. */
  leasesOf(networkId: string): readonly Lease[] {
    return this.state.leases.filter(({ network }) => network === networkId);
  }

  /** IDs of the endpoints that are known of an engine-side network. */
  endpointsOf(engineId: string): string[] {
    return Object.entries(this.state.endpoints).flatMap(([id, { engineNetwork }]) =>
      engineNetwork === engineId ? [id] : [],
    );
  }

  /** True of an address that nobody is known to have. */
  isUnknown({ id, span }: BookedNetwork, ip: string): boolean {
    const own = span.pools.some(
      ({ gateway, aux }) => gateway === ip || Object.values(aux ?? {}).includes(ip),
    );
    const leased = this.state.leases.some((one) => one.network === id && one.ip === ip);
    return !own && !leased && this.addressOf(id, ip) === undefined && !this.isInUse(`${id}/${ip}`);
  }

  /** A container has it, though nothing is known of how it came to it. */
  async takeIn(lease: Lease): Promise<void> {
    this.state.leases.push(lease);
    await this.deps.files.save();
  }

  /** Pools whose network was never made, or is gone: the engine has forgotten them. */
  dropPools(): void {
    for (const [key, { network }] of Object.entries(this.state.pools)) {
      const isHeld = network === undefined ? this.isInUse(key) : this.state.networks[network] !== undefined;
      if (!isHeld) this.setPlainPool(key, undefined);
    }
  }

  /** All that the host has of plain docker. */
  plainHeld(): Pick<AgentFrame & { t: 'hold' }, 'networks' | 'addresses'> {
    const { networks, leases } = this.state;
    return {
      networks: Object.values(networks).flatMap(({ id, span, plain }) =>
        plain === true ? [{ network: id, span }] : [],
      ),
      addresses: leases.map(({ network, holder, ip, mac }) => ({ network, endpoint: holder, ip, mac })),
    };
  }

  /** IDs of the networks that containers of this host need. */
  needed(): Set<string> {
    const ids = new Set<string>();
    for (const need of this.needs()) if (need.span !== undefined) ids.add(need.id);
    return ids;
  }

  async bind(id: string, engineId: string): Promise<void> {
    const before = this.state.networks[id];
    const network = before ?? this.network(id);
    if (network === undefined)
      throw new BerthError('not_found', `this host has not been told of network ${id}`);
    if (before?.engineId === engineId) return;
    this.state.networks[id] = { ...network, engineId };
    this.boundAt.set(id, performance.now());
    try {
      await this.deps.files.save();
    } catch (thrown) {
      // What is not on the disk would not be found again: it must not be made.
      if (before === undefined || before.engineId === UNMADE) delete this.state.networks[id];
      else this.state.networks[id] = before;
      if (before?.engineId === UNMADE) this.tellLater({ op: 'delete-network', network: id });
      throw this.unwritten(thrown);
    }
  }

  async unbind(engineId: string): Promise<void> {
    const network = this.networkOfEngine(engineId);
    if (network !== undefined) this.drop(network.id);
  }

  /** The engine has no such network, or none any more; the manager hears of a plain one. */
  drop(id: string): void {
    const network = this.state.networks[id];
    if (network === undefined) return;
    delete this.state.networks[id];
    for (const [endpointId, { engineNetwork }] of Object.entries(this.state.endpoints))
      if (engineNetwork === network.engineId) delete this.state.endpoints[endpointId];
    for (const [key, { network: of }] of Object.entries(this.state.pools))
      if (of === id) delete this.state.pools[key];
    for (const lease of this.state.leases.filter((one) => one.network === id)) this.giveBack(lease);
    if (network.plain === true) this.tellLater({ op: 'delete-network', network: id });
    this.deps.files.saveSoon();
  }

  endpoint(endpointId: string): BookedEndpoint | undefined {
    return this.state.endpoints[endpointId];
  }

  endpointsIn(sandbox: string): BookedEndpoint[] {
    return Object.values(this.state.endpoints).filter((one) => one.sandbox === sandbox);
  }

  setEndpoint(endpointId: string, endpoint: BookedEndpoint | undefined): void {
    const { engineNetwork, endpoint: has } = endpoint ?? this.state.endpoints[endpointId] ?? {};
    const network = engineNetwork === undefined ? undefined : this.networkOfEngine(engineNetwork);
    if (network !== undefined)
      for (const ip of [has?.ipv4, has?.ipv6]) if (ip !== undefined) this.used(`${network.id}/${ip}`);
    if (endpoint === undefined) this.usedAt.delete(endpointId);
    else this.used(endpointId);
    if (endpoint === undefined) delete this.state.endpoints[endpointId];
    else this.state.endpoints[endpointId] = { ...endpoint, routes: [...(endpoint.routes ?? [])] };
    this.deps.files.saveSoon();
  }

  addressOf(networkId: string, ip: string): Endpoint | undefined {
    for (const { id, endpoint } of this.needs())
      if (id === networkId && (endpoint?.ipv4 === ip || endpoint?.ipv6 === ip)) return endpoint;
    return undefined;
  }

  lease(networkId: string, ip: string): Lease | undefined {
    const found = this.state.leases.find((one) => one.network === networkId && one.ip === ip);
    if (found !== undefined) this.used(`${networkId}/${ip}`);
    return found;
  }

  plainPool(key: string): PlainPool | undefined {
    return this.state.pools[key];
  }

  plainPools(): [string, PlainPool][] {
    return Object.entries(this.state.pools);
  }

  setPlainPool(key: string, pool: PlainPool | undefined): void {
    if (pool === undefined) delete this.state.pools[key];
    else this.state.pools[key] = pool;
    this.used(key);
    this.deps.files.saveSoon();
  }

  async newNetwork(wanted: {
    driver: string;
    pools: readonly Pool[];
    options: Readonly<Record<string, string>>;
    internal: boolean;
  }): Promise<BookedNetwork> {
    const { driver, pools, options, internal } = wanted;
    const ask: NetworkAsk = { op: 'create-network', driver, pools: [...pools], options, internal };
    const { network: id, span } = await this.deps.asks.ask(ask);
    if (id === undefined || span === undefined)
      throw new BerthError('internal', 'the manager has answered without the network that was asked for');
    const network = { id, span, engineId: UNMADE, plain: true };
    this.boundAt.set(id, performance.now());
    this.state.networks[id] = network;
    return network;
  }

  async takeAddress(wanted: {
    network: string;
    subnet: string;
    ip?: string;
    endpointId?: string;
  }): Promise<Lease> {
    const { network, subnet, ip, endpointId } = wanted;
    const holder = endpointId ?? randomBytes(32).toString('hex');
    const asked = ip === undefined ? {} : { ip };
    const answer = await this.deps.asks.ask({
      op: 'take-address',
      network,
      endpoint: holder,
      subnet,
      ...asked,
    });
    const { endpoint } = answer;
    const given = subnet.includes(':') ? endpoint?.ipv6 : endpoint?.ipv4;
    if (endpoint === undefined || given === undefined)
      throw new BerthError('internal', 'the manager has answered without the address that was asked for');
    const lease: Lease = {
      network,
      ip: given,
      mac: endpoint.mac,
      holder,
      ...(endpointId === undefined ? {} : { endpointId }),
    };
    this.state.leases.push(lease);
    this.used(`${network}/${given}`);
    try {
      await this.deps.files.save();
    } catch (thrown) {
      // Nobody would give it back after a restart.
      this.giveBack(lease);
      throw this.unwritten(thrown);
    }
    return lease;
  }

  giveBack({ network, ip, holder }: Lease): void {
    this.state.leases = this.state.leases.filter((one) => one.network !== network || one.ip !== ip);
    this.tellLater({ op: 'give-back', network, endpoint: holder, ip });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.tellAgain);
  }

  /** Says what is due, in order; what no manager takes now waits for the next connection, or a while. */
  tellDue(): void {
    clearTimeout(this.tellAgain);
    this.telling ??= this.tellAll().finally(() => {
      this.telling = undefined;
    });
  }

  private used(key: string): void {
    const now = performance.now();
    for (const [old, at] of this.usedAt) {
      if (now - at < MAKING_MS) break;
      this.usedAt.delete(old);
    }
    // At the end: the oldest come first.
    this.usedAt.delete(key);
    this.usedAt.set(key, now);
  }

  private tellLater(ask: NetworkAsk): void {
    this.state.due.push(ask);
    this.deps.files.saveSoon();
    this.tellDue();
  }

  private async tellAll(): Promise<void> {
    for (let ask = this.state.due[0]; ask !== undefined; ask = this.state.due[0]) {
      try {
        await this.deps.asks.ask(ask);
      } catch (thrown) {
        if (thrown instanceof BerthError && thrown.retryable) {
          if (!this.closed)
            this.tellAgain = setTimeout(() => this.tellDue(), this.deps.tellAgainMs ?? TELL_AGAIN_MS);
          return;
        }
        // It knows nothing of it (any more): that is what was to be said.
        this.deps.logger.info({ ask: ask.op, error: messageOf(thrown) }, 'not taken back by the manager');
      }
      this.state.due.shift();
      this.deps.files.saveSoon();
    }
  }

  /** What the manager has given after the engine had been told that it gives nothing. */
  private undo(ask: NetworkAsk, { network, endpoint }: Answer): void {
    if (ask.op === 'create-network' && network !== undefined)
      this.tellLater({ op: 'delete-network', network });
    if (ask.op !== 'take-address') return;
    const { network: of, endpoint: holder } = ask;
    // Asked for again for the same endpoint: the manager gives the same.
    const again = (one: NetworkAsk) => one.op === 'take-address' && one.endpoint === holder;
    if (this.deps.asks.waits(again)) return;
    for (const ip of [endpoint?.ipv4, endpoint?.ipv6])
      if (ip !== undefined && this.leasesOf(of).every((one) => one.ip !== ip || one.holder !== holder))
        this.tellLater({ op: 'give-back', network: of, endpoint: holder, ip });
  }

  private assigned(id: string): BookedNetwork | undefined {
    for (const need of this.needs())
      if (need.id === id && need.span !== undefined) return { id, span: need.span };
    return undefined;
  }

  private *needs() {
    for (const holding of this.deps.holdings())
      if (holding.kind === 'hold') yield* holding.assignment.needs.networks;
  }

  private unwritten(thrown: unknown): BerthError {
    const { dir } = this.deps.files;
    return new BerthError(
      'unavailable',
      `the host cannot write its networks to ${dir} (${messageOf(thrown)})`,
      { hint: 'free space there', cause: thrown },
    );
  }

  private get state() {
    return this.deps.files.state;
  }
}
