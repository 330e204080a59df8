import { BerthError } from '../../kit/errors.ts';
import { isIn } from '../../model/is-in.ts';
import type { Run } from '../commands.ts';
import type { HostEndpoint, HostNetwork, Joined, NetworkDriver } from '../driver.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import { type Place, unusable, usable, type Verdict, type VlanBackend } from './backend.ts';
import { BACKENDS } from './backends.ts';
import {
  isPortOf,
  isProbeOf,
  type PortNames,
  portNames,
  portOf,
  probeMac,
  serviceNames,
} from './device-names.ts';
import { ipBatch, removeLink, removeNamespace } from './ip.ts';
import { readLinks, readNamespaces } from './links.ts';
import { placeOf, wordsOf } from './place.ts';
import { announce, probe } from './probe.ts';
import { ensureService, removeService } from './service-namespace.ts';
import { sweepTrials } from './trial.ts';
import { removeVeth } from './veth.ts';

export type VlanOptions = Readonly<{
  run: Run;
  /** The host's interface to the switch, for networks that name none (`berth agent --vlan-uplink`). */
  uplink: string | undefined;
  /** A process in the host's network namespace, as `run` sees it. */
  hostPid: number;
}>;

/** Containers straight on a VLAN of the company, by whichever backend the host has. */
export class VlanDriver implements NetworkDriver {
  readonly name = 'vlan';
  private readonly backends: readonly VlanBackend[];
  /** By network ID; only spares looking: what was chosen shows in the kernel. */
  private readonly chosen = new Map<string, VlanBackend>();
  /** The last change of the host's side of networks: they share uplinks, so these go one after the other. */
  private turn: Promise<unknown> = Promise.resolve();
  /** What an earlier life has left of its trials is taken away once, before the first of this one. */
  private sweeping: Promise<void> | undefined;

  constructor(private readonly options: VlanOptions) {
    this.backends = BACKENDS.map((make) => make(options.run));
  }

  async preflight(): Promise<Verdict> {
    const { uplink } = this.options;
    const verdicts = await Promise.all(
      this.backends.map(async (backend) => ({ backend, ...(await this.verdict(backend, undefined)) })),
    );
    const works = verdicts.find((verdict) => verdict.usable);
    if (works === undefined) return unusable(reasons(verdicts));
    const on =
      uplink === undefined
        ? 'networks must name their uplink: this host has been given no --vlan-uplink'
        : `on ${uplink}`;
    return usable(`${works.backend.name} ${on}`);
  }

  async ensure(network: HostNetwork): Promise<void> {
    await this.ensured(network);
  }

  private async ensured(network: HostNetwork): Promise<VlanBackend> {
    const { run } = this.options;
    const place = this.placeOf(network);
    return this.alone(async () => {
      if (!this.chosen.has(network.id)) await this.leaveOtherUplink(network, place);
      const backend = await this.choose(network, place);
      await backend.ensure(place);
      if (backend.connectService !== undefined)
        await backend.connectService(place, await ensureService(run, place));
      this.chosen.set(network.id, backend);
      return backend;
    });
  }

  async remove(network: HostNetwork): Promise<void> {
    const { run } = this.options;
    const place = this.placeOf(network);
    await this.alone(async () => {
      for (const backend of this.backends) {
        const other = await backend.elsewhere(place);
        if (other !== undefined) await backend.remove({ ...place, uplink: other.uplink });
      }
      for (const backend of await this.holders(network, place)) await backend.remove(place);
      await removeService(run, place);
      for (const namespace of await readNamespaces(run))
        if (isProbeOf(network.id, namespace)) await removeNamespace(run, namespace);
      for (const link of (await readLinks(run)).keys())
        if (isPortOf(network.id, link)) await removeLink(run, link);
      this.chosen.delete(network.id);
    });
  }

  async join(network: HostNetwork, { endpointId, endpoint }: HostEndpoint): Promise<Joined> {
    const { run, hostPid } = this.options;
    const place = this.placeOf(network);
    const port = portNames(network.id, endpointId);
    // after a start of the machine the engine goes on with a network of which nothing else is left
    const backend = this.chosen.get(network.id) ?? (await this.ensured(network));
    const joined = this.joined(network, port, endpoint, backend);
    const [links, namespaces] = [await readLinks(run), await readNamespaces(run)];
    const halfDone = namespaces.has(port.namespace);
    // done before: it waits for libnetwork here, or is in the container
    if (!halfDone && (links.has(port.container) || links.has(port.host))) return joined;
    if (halfDone) await backend.detach(place, port);
    try {
      await run(['ip', 'netns', 'add', port.namespace]);
      await backend.attach(place, { ...port, mac: probeMac(endpointId) });
      await probe(run, port.namespace, port.container, endpoint);
      await announce(run, port.namespace, port.container, endpoint);
      await ipBatch(run, [`link set dev ${port.container} netns ${hostPid}`], port.namespace);
      await removeNamespace(run, port.namespace);
    } catch (thrown) {
      await backend.detach(place, port);
      throw thrown;
    }
    return joined;
  }

  async leave(network: HostNetwork, endpointId: string): Promise<void> {
    const { run } = this.options;
    const place = this.placeOf(network);
    const port = portNames(network.id, endpointId);
    for (const backend of await this.holders(network, place)) await backend.detach(place, port);
    await removeVeth(run, port);
  }

  async sweep(network: HostNetwork, keep: () => ReadonlySet<string>): Promise<void> {
    const { run } = this.options;
    const place = this.placeOf(network);
    const [links, namespaces] = [await readLinks(run), await readNamespaces(run)];
    for (const backend of await this.holders(network, place)) {
      const there = [...links.keys(), ...namespaces, ...((await backend.ports?.()) ?? [])];
      const kept = new Set([...keep()].map((endpointId) => portNames(network.id, endpointId).host));
      const gone = new Map(
        there.flatMap((name) => {
          const port = portOf(network.id, name);
          return port === undefined || kept.has(port.host) ? [] : [[port.host, port] as const];
        }),
      );
      for (const port of gone.values()) {
        await backend.detach(place, port);
        await removeVeth(run, port);
      }
    }
  }

  /** What is there: a network that stays on another uplink has it still, though `ensure` is refused. */
  async namesNamespace({ id }: HostNetwork): Promise<string | undefined> {
    const { namespace } = serviceNames(id);
    return (await readNamespaces(this.options.run)).has(namespace) ? `/run/netns/${namespace}` : undefined;
  }

  /** Switches learn by themselves where members are. */
  async members(): Promise<void> {}

  private placeOf(network: HostNetwork): Place {
    return placeOf(network, this.options.uplink);
  }

  private joined(
    { span }: HostNetwork,
    port: PortNames,
    endpoint: HostEndpoint['endpoint'],
    { connectService }: VlanBackend,
  ): Joined {
    const gatewayOf = (ip: string | undefined) =>
      ip === undefined || span.internal
        ? undefined
        : span.pools.find(({ subnet }) => isIn(subnet, ip))?.gateway;
    const gateway = gatewayOf(endpoint.ipv4);
    const gatewayIPv6 = gatewayOf(endpoint.ipv6);
    return {
      srcName: port.container,
      dstPrefix: 'eth',
      ...(gateway === undefined ? {} : { gateway }),
      ...(gatewayIPv6 === undefined ? {} : { gatewayIPv6 }),
      ...(connectService === undefined || endpoint.ipv4 === undefined
        ? {}
        : { routes: [{ destination: `${NAMES_ADDRESS}/32` }] }),
    };
  }

  /**
   * The backend that has the network already, else the one that it names, else the first that works here.
   * @throws BerthError `unsupported` with why none does
   */
  private async choose({ id, span }: HostNetwork, place: Place): Promise<VlanBackend> {
    const known = this.chosen.get(id);
    if (known !== undefined) return known;
    const named = this.backends.filter(({ name }) => span.backend === undefined || name === span.backend);
    if (named.length === 0) {
      throw new BerthError('bad_request', `backend "${span.backend}" of vlan is not known`, {
        hint: `choose of ${this.backends.map(({ name }) => name).join(', ')}, or leave it out`,
      });
    }
    for (const backend of named) if (await backend.holds(place)) return backend;
    const verdicts = [];
    for (const backend of named) {
      const verdict = await this.verdict(backend, place);
      if (verdict.usable) return backend;
      verdicts.push({ backend, ...verdict });
    }
    throw new BerthError(
      'unsupported',
      `${wordsOf(place)} cannot be used on this host: ${reasons(verdicts)}`,
    );
  }

  /**
   * The host was given another uplink since the network was put into place: where no container is on it, it goes with it.
   * @throws BerthError `conflict` where containers are, as they would be cut off
   */
  private async leaveOtherUplink({ id }: HostNetwork, place: Place): Promise<void> {
    for (const backend of this.backends) {
      const other = await backend.elsewhere(place);
      if (other === undefined) continue;
      const old = { ...place, uplink: other.uplink };
      if (other.inUse)
        throw new BerthError(
          'conflict',
          `network ${id.slice(0, 12)} is on ${other.uplink} with containers of this host, whose uplink is ${place.uplink} now`,
          {
            hint: `stop them ("berth node drain" moves them), or start the agent with --vlan-uplink ${other.uplink} again`,
          },
        );
      await backend.remove(old);
      await removeService(this.options.run, old);
    }
  }

  /** Those that have something of the network here: one, where nothing has gone wrong. */
  private async holders({ id }: HostNetwork, place: Place): Promise<VlanBackend[]> {
    const known = this.chosen.get(id);
    if (known !== undefined) return [known];
    const found: VlanBackend[] = [];
    for (const backend of this.backends) if (await backend.holds(place)) found.push(backend);
    return found;
  }

  /** Of this host for the place; without one, for the host's own uplink where it has one. */
  private async verdict(backend: VlanBackend, place: Place | undefined): Promise<Verdict> {
    this.sweeping ??= sweepTrials(this.options.run);
    await this.sweeping.catch(() => {});
    const able = await backend.preflight();
    if (!able.usable) return able;
    const { uplink } = this.options;
    if (place !== undefined) return backend.check(place);
    if (uplink === undefined) return able;
    return backend.check({ networkId: '', uplink, vlanId: undefined, mtu: 0, subnets: [] });
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => {});
    return done;
  }
}

/** A list of sentences; each is in the catalogue (`hosts.driver.bridge`, …). */
function reasons(verdicts: readonly (Verdict & { backend: VlanBackend })[]): string {
  return verdicts.map(({ backend, reason }) => `${backend.name}: ${reason}`).join('; ');
}
