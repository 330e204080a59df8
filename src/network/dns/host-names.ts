import { type Clock, systemClock } from '../../kit/clock.ts';
import { newLimit } from '../../kit/limit.ts';
import { type Logger, silentLogger } from '../../kit/logger.ts';
import { type Rate, RateLimit } from '../../kit/rate-limit.ts';
import { type Run, run } from '../commands.ts';
import type { MembersChange } from '../driver.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import type { NamespaceSockets, OpenSockets } from '../namespace-sockets.ts';
import { DnsServer } from './dns-server.ts';
import { filterFloods, floodRules } from './flood-filter.ts';
import { Forwarder } from './forwarder.ts';
import { MemberIndex, type NamedNetwork } from './member-index.ts';
import { MemberResolver } from './member-resolver.ts';
import { NameService } from './name-service.ts';

const DNS_PORT = 53;

/**
 * Of one container: a busy web server without a cache of its own asks some hundreds of times a second, and a page with all
 * that belongs to it is tens at once.
 */
const RATE: Rate = { perSecond: 1_000, burst: 2_000 };
/** Members of one network that ask at the same time. */
const MAX_SOURCES = 4_096;

/** Children that open sockets at the same time: after a start of the agent there is one for each network, some 50 MB each. */
const AT_ONCE = 3;

type Options = Readonly<{
  open: OpenSockets;
  run?: Run;
  /** Name servers of the host, addresses; asked for anew now and then, as they change. */
  hostServers(): readonly string[];
  /** Whether a user gave name servers (`--dns`) to the container with that cluster ID. */
  hasServers(memberId: string): boolean;
  /** The domain name for which the container has that name; undefined where it has none. */
  outside?(memberId: string, name: string): string | undefined;
  /** Instead of 169.254.53.53 and 53. */
  address?: string;
  port?: number;
  clock?: Clock;
  logger?: Logger;
}>;

/** The names of a host's containers: hears who is on which network, and answers in each network's namespace. */
export class HostNames {
  private readonly index = new MemberIndex();
  private readonly services = new Map<string, NameService>();
  private readonly resolver: MemberResolver;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly limited = newLimit(AT_ONCE);
  private toldUnfiltered = false;

  constructor(private readonly options: Options) {
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? silentLogger;
    this.resolver = new MemberResolver({
      index: this.index,
      forwarder: new Forwarder({ clock: this.clock, logger: this.logger }),
      upstream: () => options.hostServers().map((address) => ({ address, port: DNS_PORT })),
      hasServers: (memberId) => options.hasServers(memberId),
      outside: (memberId, name) => options.outside?.(memberId, name),
    });
  }

  /** Members of a network, all or what has changed; in order for one network. */
  members(network: NamedNetwork, change: MembersChange): void {
    this.index.change(network, change);
  }

  /** The network is not this host's any more: its names are gone for everybody here. */
  forget(networkId: string): void {
    this.index.forget(networkId);
  }

  /** Answers in that namespace from now on. May be repeated; another path replaces the one before. */
  serve(networkId: string, namespacePath: string): void {
    const before = this.services.get(networkId);
    if (before?.namespacePath === namespacePath) return;
    void before?.close();
    const limit = new RateLimit(RATE, MAX_SOURCES);
    const server = new DnsServer({
      answer: (query, { address, transport }) =>
        this.resolver.answer(query, { networkId, address, transport }),
      // Strangers share one bucket: whoever makes addresses up gets no more by it.
      admit: (address) =>
        limit.take(this.index.holder(networkId, address) === undefined ? '' : address, this.clock.now()),
      logger: this.logger,
    });
    this.services.set(
      networkId,
      new NameService({
        namespacePath,
        address: this.options.address ?? NAMES_ADDRESS,
        port: this.options.port ?? DNS_PORT,
        open: this.open,
        server,
        clock: this.clock,
        logger: this.logger,
      }),
    );
  }

  /**
   * Resolves once nothing of this host is open in the network's namespace. To be awaited before the namespace is removed: an
   * open socket would keep it, and every device in it, alive.
   */
  async unserve(networkId: string): Promise<void> {
    const service = this.services.get(networkId);
    this.services.delete(networkId);
    await service?.close();
  }

  /** Resolves once questions are answered in that network, where it is one in which they are; at the latest after `ms`. */
  async untilServing(networkId: string, ms: number): Promise<void> {
    await this.services.get(networkId)?.untilServing(ms);
  }

  /** True while questions are answered in that network. */
  serving(networkId: string): boolean {
    return this.services.get(networkId)?.serving ?? false;
  }

  private readonly open: OpenSockets = (path, address, port, signal): Promise<NamespaceSockets> =>
    this.limited(async () => {
      signal.throwIfAborted();
      const reason = await filterFloods(this.options.run ?? run, path, floodRules(address, port, RATE));
      if (reason !== undefined && !this.toldUnfiltered)
        this.logger.warn({ reason }, 'a flood of questions is not held off by the kernel, only by the agent');
      this.toldUnfiltered ||= reason !== undefined;
      return this.options.open(path, address, port, signal);
    });

  async close(): Promise<void> {
    await Promise.all([...this.services.keys()].map((networkId) => this.unserve(networkId)));
  }
}
