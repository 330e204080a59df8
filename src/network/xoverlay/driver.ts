import { networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { newKeyedQueue } from '../../kit/keyed-queue.ts';
import type { Member, Span } from '../../model/span.ts';
import type {
  DriverDeps,
  HostEndpoint,
  HostNetwork,
  Joined,
  MembersChange,
  NetworkDriver,
} from '../driver.ts';
import { isIn } from '../is-in.ts';
import { NAMES_ADDRESS } from '../names-address.ts';
import { BRIDGE, containerEnd, namespaceOf, namespacePath, VXLAN, vniOf } from './device-names.ts';
import { block, encrypt, needEncryption, unblock } from './encryption.ts';
import { type Entries, entriesOf, linesBetween, NO_ENTRIES } from './entries.ts';
import { devicesOf, entriesIn, isRight, namespaceState } from './kernel.ts';
import {
  type Command,
  keepHere,
  makeBridge,
  makeNamespace,
  makePort,
  makeVxlan,
  removeNamespace,
  removePort,
  removeVxlan,
} from './plan.ts';

/** What iproute2 says of a device, or of a namespace, that is not there. */
const GONE = /Cannot find device|Cannot open network namespace|setting the network namespace .* failed/;
/** Longer than a network that nobody needs stays, whose VNI this one may have got. */
const VNI_TRIES = 75;
const VNI_WAIT_MS = 200;

/** One network as this life of the agent has set it up. */
type Held = { members: Map<string, Member>; entries: Entries };

/** VXLAN between the hosts of a network: no multicast, no flooding, nothing learnt; see docs/design/network.md. */
export function newXoverlayDriver({ run, logger, dataAddress }: DriverDeps): NetworkDriver {
  /** By namespace: known to be set up. */
  const held = new Map<string, Held>();
  const inTurn = newKeyedQueue();
  /** Encrypted networks of this host, by namespace, those that could not be made yet as well. */
  const encrypted = new Set<string>();

  const perform = ({ argv, lines }: Command) =>
    run(argv, lines === undefined ? {} : { input: lines.map((line) => `${line}\n`).join('') });

  async function ensure(network: HostNetwork): Promise<Held> {
    const { span } = network;
    const key = namespaceOf(network);
    if (span.encrypted === true) {
      encrypted.add(key);
      const elsewhere = localOf(dataAddress) === undefined ? dataAddress : undefined;
      await inTurn('keys', async () => {
        await needEncryption(run, elsewhere);
        await block(run);
      });
    }
    if ((await namespaceState(network)) === 'broken') await perform(removeNamespace(network));
    const devices = await devicesOf(run, network);
    if (devices === undefined) await perform(makeNamespace(network));
    const local = localOf(dataAddress);
    const vxlan = isRight(devices?.get(VXLAN), network, local);
    // Of an earlier data address: the kernel changes none of it in place.
    if (!vxlan && devices?.has(VXLAN) === true) await perform(removeVxlan(network));
    if (!vxlan) await makeDevice(network, local);
    await perform(makeBridge(network, devices?.has(BRIDGE) === true));
    const before = held.get(key);
    const entries = vxlan ? await entriesIn(run, network) : NO_ENTRIES;
    const now: Held = { members: before?.members ?? new Map(), entries };
    held.set(key, now);
    // The namespace was taken away under our feet: what was told of the members still holds.
    if (before !== undefined) await apply(network, now, before.members);
    return now;
  }

  /** The kernel takes a namespace that is gone down a little later: until then its device holds the VNI. */
  async function makeDevice(network: HostNetwork, local: string | undefined): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await perform(makeVxlan(network, local));
        return;
      } catch (thrown) {
        if (!/VNI already exists/.test(messageOf(thrown))) throw thrown;
        if (tries === VNI_TRIES)
          throw new BerthError(
            'conflict',
            `VNI ${vniOf(network.span)} is in use on this host by somebody else`,
            {
              hint: 'look for the device with "ip -d link show type vxlan", also in other namespaces',
              cause: thrown,
            },
          );
      }
      await setTimeout(VNI_WAIT_MS);
    }
  }

  async function apply(network: HostNetwork, now: Held, members: Map<string, Member>): Promise<void> {
    const wanted = entriesOf(members.values());
    const { ip, bridge } = linesBetween(now.entries, wanted);
    now.members = members;
    const batch = (program: string, lines: readonly string[]) =>
      lines.length === 0
        ? undefined
        : perform({ argv: [program, '-n', namespaceOf(network), '-force', '-batch', '-'], lines });
    try {
      await Promise.all([batch('bridge', bridge), batch('ip', ip)]);
      now.entries = wanted;
    } catch (thrown) {
      // An entry that was gone already is no harm; what is there now says whether there is any.
      now.entries = await entriesIn(run, network);
      const left = linesBetween(now.entries, wanted);
      if (left.bridge.length + left.ip.length > 0) throw thrown;
    }
  }

  async function ensured(network: HostNetwork): Promise<Held> {
    return held.get(namespaceOf(network)) ?? (await ensure(network));
  }

  async function makeLink(network: HostNetwork, endpoint: HostEndpoint): Promise<void> {
    const link = makePort(network, endpoint, process.pid);
    try {
      await perform(link);
    } catch (first) {
      // Left by a join that was cut off, or the network's namespace is gone.
      logger.debug({ network: network.id, error: messageOf(first) }, 'link not made at once');
      await inTurn(namespaceOf(network), () => ensure(network));
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
        const reason = `${messageOf(thrown)}: install iproute2`;
        return { usable: false, reason };
      }
    },

    ensure: (network) =>
      inTurn(namespaceOf(network), async () => {
        await ensure(network);
      }),

    remove: (network) =>
      inTurn(namespaceOf(network), async () => {
        held.delete(namespaceOf(network));
        // First: the kernel takes a namespace down a little later, and the next network may get this VNI.
        if ((await devicesOf(run, network))?.has(VXLAN) === true) await perform(removeVxlan(network));
        if ((await namespaceState(network)) !== 'none') await perform(removeNamespace(network));
        encrypted.delete(namespaceOf(network));
        if (network.span.encrypted === true)
          await inTurn('keys', async () => (encrypted.size === 0 ? unblock(run) : undefined));
      }),

    async join(network, endpoint): Promise<Joined> {
      const { members } = await inTurn(namespaceOf(network), () => ensured(network));
      await makeLink(network, endpoint);
      const { mac } = endpoint.endpoint;
      if ([...members.values()].some((member) => member.mac === mac))
        await perform(keepHere(network, endpoint));
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

    namesNamespace: async (network) => namespacePath(network),

    keys: (peers) => inTurn('keys', () => encrypt(run, { peers, blocked: encrypted.size > 0 })),

    members: (network, change) =>
      inTurn(namespaceOf(network), async () => {
        // Removed, or not made yet: who makes it tells the whole list then.
        const now = held.get(namespaceOf(network));
        if (now !== undefined) await apply(network, now, changed(now.members, change));
      }),
  };
}

function changed(
  before: ReadonlyMap<string, Member>,
  { whole, put, drop }: MembersChange,
): Map<string, Member> {
  const after = new Map(whole ? [] : before);
  for (const id of drop) after.delete(id);
  for (const member of put) after.set(member.id, member);
  return after;
}

/** Members in the network's other subnets are on the same link. */
function otherSubnets({ pools }: Span, { endpoint }: HostEndpoint): { destination: string }[] {
  const own = (subnet: string) =>
    pools.length === 1 || isIn(subnet, endpoint.ipv4) || isIn(subnet, endpoint.ipv6);
  return pools.filter(({ subnet }) => !own(subnet)).map(({ subnet }) => ({ destination: subnet }));
}

function localOf(address: string): string | undefined {
  const own = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address));
  return own ? address : undefined;
}
