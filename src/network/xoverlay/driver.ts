import { messageOf } from '../../kit/errors.ts';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import { isIn } from '../../model/is-in.ts';
import { say } from '../../model/said/index.ts';
import type { Span } from '../../model/span.ts';
import type {
  DriverDeps,
  HostEndpoint,
  HostNetwork,
  Joined,
  MembersChange,
  NetworkDriver,
  PeerKeys,
} from '../driver.ts';
import { localOf } from '../local-address.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import {
  BRIDGE,
  containerEnd,
  namespaceOf,
  namespacePath,
  PORT_PREFIX,
  portName,
  VXLAN,
  vniOf,
} from './device-names.ts';
import { block, encrypt, needEncryption, renewLinks, unblock } from './encryption.ts';
import { NO_ENTRIES } from './entries.ts';
import { devicesOf, entriesIn, isRight, namespaceState } from './kernel.ts';
import { MemberBook } from './member-book.ts';
import {
  bypassFilter,
  type Command,
  keepHere,
  makeBridge,
  makeNamespace,
  makePort,
  makeVxlan,
  removeLink,
  removeNamespace,
  removePort,
  removeVxlan,
} from './plan.ts';
import { whenVniIsFree } from './when-vni-is-free.ts';

/** What iproute2 says of a device, or of a namespace, that is not there. */
const GONE = /Cannot find device|Cannot open network namespace|setting the network namespace .* failed/;
/** Changes of one network's members that wait for their turn, and are carried out as one. */
type Waiting = Readonly<{ changes: MembersChange[]; done: Promise<void> }>;

/** VXLAN between the hosts of a network: no multicast, no flooding, nothing learnt; see docs/design/network.md. */
export function newXoverlayDriver({ run, logger, dataAddress }: DriverDeps): NetworkDriver {
  /** By namespace: known to be set up. */
  const held = new Map<string, MemberBook>();
  const waiting = new Map<string, Waiting>();
  const inTurn = newKeyedQueue();
  /** Encrypted networks of this host, by namespace, those that could not be made yet as well. */
  const encrypted = new Set<string>();
  let told: readonly PeerKeys[] = [];

  const perform = ({ argv, lines }: Command) =>
    run(argv, lines === undefined ? {} : { input: lines.map((line) => `${line}\n`).join('') });

  async function ensure(network: HostNetwork): Promise<MemberBook> {
    const { span } = network;
    const key = namespaceOf(network);
    if (span.encrypted === true) {
      encrypted.add(key);
      const local = localOf(dataAddress) !== undefined;
      await inTurn('keys', async () => {
        await needEncryption(run, dataAddress, local);
        await block(run);
      });
    }
    if ((await namespaceState(namespaceOf(network))) === 'broken') await perform(removeNamespace(network));
    const devices = await devicesOf(run, namespaceOf(network));
    if (devices === undefined) await perform(makeNamespace(network));
    const local = localOf(dataAddress);
    const vxlan = isRight(devices?.get(VXLAN), network, local);
    // Of an earlier data address: the kernel changes none of it in place.
    if (!vxlan && devices?.has(VXLAN) === true) await perform(removeVxlan(network));
    if (!vxlan) await whenVniIsFree(vniOf(span), () => perform(makeVxlan(network, local)));
    const bridged = devices?.has(BRIDGE) === true;
    // Before there is a bridge: where there is one, this was done.
    if (!bridged)
      await perform(bypassFilter(network)).catch((thrown) =>
        logger.debug({ network: network.id, error: messageOf(thrown) }, 'frames pass the packet filter'),
      );
    await perform(makeBridge(network, bridged));
    const entries = vxlan ? await entriesIn(run, namespaceOf(network)) : NO_ENTRIES;
    const before = held.get(key);
    const book = before ?? new MemberBook(entries);
    held.set(key, book);
    if (before === undefined) return book;
    // The namespace was taken away under our feet: what was told of the members still holds.
    book.found(entries);
    await apply(network, book);
    return book;
  }

  async function apply(network: HostNetwork, book: MemberBook): Promise<void> {
    const { ip, bridge } = book.pending();
    const batch = (program: string, lines: readonly string[]) =>
      lines.length === 0
        ? undefined
        : perform({ argv: [program, '-n', namespaceOf(network), '-force', '-batch', '-'], lines });
    try {
      await Promise.all([batch('bridge', bridge), batch('ip', ip)]);
      book.done();
    } catch (thrown) {
      // An entry that was gone already is no harm; what is there now says whether there is any.
      book.found(await entriesIn(run, namespaceOf(network)));
      const left = book.pending();
      if (left.bridge.length + left.ip.length > 0) throw thrown;
      book.done();
    }
  }

  /** A change joins those that wait already: a container's join never waits behind hundreds of them. */
  function tell(network: HostNetwork, change: MembersChange): Promise<void> {
    const key = namespaceOf(network);
    const others = waiting.get(key);
    if (others !== undefined) {
      others.changes.push(change);
      return others.done;
    }
    const changes = [change];
    const done = inTurn(key, async () => {
      if (waiting.get(key)?.changes === changes) waiting.delete(key);
      // Removed, or not made yet: who makes it tells the whole list then.
      const book = held.get(key);
      if (book === undefined) return;
      for (const one of changes) book.tell(one);
      await apply(network, book);
    });
    waiting.set(key, { changes, done });
    return done;
  }

  /** Changes that are told from now on come after it. */
  function inTurnOf<R>(network: HostNetwork, task: () => Promise<R>): Promise<R> {
    const key = namespaceOf(network);
    waiting.delete(key);
    return inTurn(key, task);
  }

  async function ensured(network: HostNetwork): Promise<MemberBook> {
    return held.get(namespaceOf(network)) ?? (await ensure(network));
  }

  async function makeLink(network: HostNetwork, endpoint: HostEndpoint): Promise<void> {
    const link = makePort(network, endpoint, process.pid);
    try {
      await perform(link);
    } catch (first) {
      // Left by a join that was cut off, or the network's namespace is gone.
      logger.debug({ network: network.id, error: messageOf(first) }, 'link not made at once');
      await inTurnOf(network, () => ensure(network));
      await perform(removePort(network, endpoint.endpointId)).catch(() => {});
      await perform(link);
    }
  }

  return {
    name: 'xoverlay',

    async preflight() {
      try {
        await run(['ip', '-V']);
        await run(['bridge', '-V']);
        return { usable: true, reason: '' };
      } catch (thrown) {
        const reason = say('hosts.driver.iproute', { reason: messageOf(thrown) });
        return { usable: false, reason };
      }
    },

    ensure: (network) =>
      inTurnOf(network, async () => {
        await ensure(network);
      }),

    remove: (network) =>
      inTurnOf(network, async () => {
        held.delete(namespaceOf(network));
        // First: the kernel takes a namespace down a little later, and the next network may get this VNI.
        if ((await devicesOf(run, namespaceOf(network)))?.has(VXLAN) === true)
          await perform(removeVxlan(network));
        if ((await namespaceState(namespaceOf(network))) !== 'none') await perform(removeNamespace(network));
        encrypted.delete(namespaceOf(network));
        if (network.span.encrypted === true)
          await inTurn('keys', async () => (encrypted.size === 0 ? unblock(run) : undefined));
      }),

    async join(network, endpoint): Promise<Joined> {
      const book = await inTurnOf(network, () => ensured(network));
      await makeLink(network, endpoint);
      const { mac } = endpoint.endpoint;
      if (book.has(mac)) await perform(keepHere(network, endpoint));
      return {
        srcName: containerEnd(endpoint.endpointId),
        dstPrefix: 'eth',
        routes: [{ destination: `${NAMES_ADDRESS}/32` }, ...otherSubnets(network.span, endpoint)],
      };
    },

    async leave(network, endpointId) {
      // Asked for twice for each endpoint, when it leaves and when it goes: one process each, whatever is there.
      await perform(removePort(network, endpointId)).catch((thrown: unknown) => {
        if (!GONE.test(messageOf(thrown))) throw thrown;
      });
    },

    async sweep(network, keep) {
      const devices = await devicesOf(run, namespaceOf(network));
      const kept = new Set([...keep()].map(portName));
      for (const name of devices?.keys() ?? [])
        if (name.startsWith(PORT_PREFIX) && !kept.has(name))
          await perform(removeLink(network, name)).catch((thrown: unknown) => {
            if (!GONE.test(messageOf(thrown))) throw thrown;
          });
    },

    namesNamespace: async (network) => namespacePath(network),

    keys: (peers) =>
      inTurn('keys', () => {
        told = peers;
        return encrypt(run, { peers, blocked: encrypted.size > 0 });
      }),

    renewKeys: () =>
      inTurn('keys', async () => {
        if (told.length === 0) return;
        const renewed = await renewLinks(run, { peers: told, blocked: encrypted.size > 0 });
        if (renewed.length > 0)
          logger.info({ to: renewed }, 'so many packets were sent that a new key is used');
      }),

    members: tell,
  };
}

/** Members in the network's other subnets are on the same link. */
function otherSubnets({ pools }: Span, { endpoint }: HostEndpoint): { destination: string }[] {
  const own = (subnet: string) =>
    pools.length === 1 || isIn(subnet, endpoint.ipv4) || isIn(subnet, endpoint.ipv6);
  return pools.filter(({ subnet }) => !own(subnet)).map(({ subnet }) => ({ destination: subnet }));
}
