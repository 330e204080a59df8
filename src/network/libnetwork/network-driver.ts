import { BerthError, messageOf } from '../../kit/errors.ts';
import type { KeyedQueue } from '../../kit/keyed-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import { parseIp } from '../../model/ip.ts';
import { macOf } from '../../model/mac.ts';
import type { Endpoint, Pool } from '../../model/span.ts';
import type { HostNetwork, Joined, NetworkDriver } from '../driver.ts';
import type { BookedNetwork, HostBook } from './host-book.ts';
import type { Handlers } from './plugin-server.ts';
import {
  createEndpointSchema,
  createNetworkSchema,
  endpointRequestSchema,
  type IpamData,
  joinSchema,
  networkSchema,
  OPTION_GENERIC,
  OPTION_INTERNAL,
  OPTION_NETWORK,
} from './requests.ts';
import { roomFor } from './sandbox-routes.ts';

type Deps = Readonly<{ driver: NetworkDriver; book: HostBook; logger: Logger; inTurn: KeyedQueue }>;

/** RouteType of libnetwork: a route through the interface, without a next hop; or through one. */
const CONNECTED = 1;
const NEXT_HOP = 0;

/** libnetwork's NetworkDriver, for one driver. Requests of one network in their order, as they depend on each other. */
export function networkHandlers(deps: Deps): Handlers {
  const { driver, book, inTurn } = deps;
  return {
    // Global scope needs a key-value store that engines no longer have: the cluster is the manager's affair.
    'NetworkDriver.GetCapabilities': () => ({ Scope: 'local' }),
    'NetworkDriver.CreateNetwork': (body) => {
      const request = createNetworkSchema.parse(body);
      return inTurn(request.NetworkID, () => createNetwork(deps, request));
    },
    'NetworkDriver.DeleteNetwork': (body) => {
      const { NetworkID } = networkSchema.parse(body);
      return inTurn(NetworkID, async () => {
        const network = book.networkOfEngine(NetworkID);
        if (network === undefined) return {};
        await driver.remove(hosted(network, NetworkID));
        await book.unbind(NetworkID);
        return {};
      });
    },
    'NetworkDriver.CreateEndpoint': (body) => createEndpoint(deps, createEndpointSchema.parse(body)),
    'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
    'NetworkDriver.DeleteEndpoint': async (body) => {
      const { NetworkID, EndpointID } = endpointRequestSchema.parse(body);
      const network = book.networkOfEngine(NetworkID);
      if (network !== undefined) await driver.leave(hosted(network, NetworkID), EndpointID);
      const { endpoint } = book.endpoint(EndpointID) ?? {};
      book.setEndpoint(EndpointID, undefined);
      for (const ip of [endpoint?.ipv4, endpoint?.ipv6]) {
        const lease = ip === undefined || network === undefined ? undefined : book.lease(network.id, ip);
        if (lease?.endpointId === EndpointID) book.giveBack(lease);
      }
      return {};
    },
    'NetworkDriver.Join': async (body) => {
      const { NetworkID, EndpointID, SandboxKey } = joinSchema.parse(body);
      const network = required(book, NetworkID);
      const known = book.endpoint(EndpointID);
      if (known === undefined)
        throw new BerthError('not_found', `endpoint ${EndpointID.slice(0, 12)} has not been created`);
      const { endpoint } = known;
      const joined = await driver.join(hosted(network, NetworkID), { endpointId: EndpointID, endpoint });
      const others = book
        .endpointsIn(SandboxKey)
        .filter((other) => other !== known)
        .flatMap(({ routes = [] }) => routes);
      const routes = roomFor(joined.routes ?? [], others);
      const destinations = routes.map(({ destination }) => destination);
      book.setEndpoint(EndpointID, { ...known, sandbox: SandboxKey, routes: destinations });
      return answerOf({ ...joined, routes });
    },
    'NetworkDriver.Leave': async (body) => {
      const { NetworkID, EndpointID } = endpointRequestSchema.parse(body);
      const network = book.networkOfEngine(NetworkID);
      if (network !== undefined) await driver.leave(hosted(network, NetworkID), EndpointID);
      const known = book.endpoint(EndpointID);
      if (known !== undefined) {
        const { engineNetwork, endpoint } = known;
        book.setEndpoint(EndpointID, { engineNetwork, endpoint });
      }
      return {};
    },
    'NetworkDriver.ProgramExternalConnectivity': () => ({}),
    'NetworkDriver.RevokeExternalConnectivity': () => ({}),
    'NetworkDriver.DiscoverNew': () => ({}),
    'NetworkDriver.DiscoverDelete': () => ({}),
  };
}

async function createNetwork(
  { driver, book, logger }: Deps,
  { NetworkID, Options, IPv4Data, IPv6Data }: ReturnType<typeof createNetworkSchema.parse>,
): Promise<object> {
  const known = book.networkOfEngine(NetworkID);
  const options = generic(Options[OPTION_GENERIC]);
  const id = options[OPTION_NETWORK];
  const network = known ?? (id === undefined ? undefined : book.network(id));
  if (network === undefined && id !== undefined)
    throw new BerthError('not_found', `this host has not been told of network ${id.slice(0, 80)}`, {
      hint: 'make networks through the cluster',
    });
  const made =
    network ?? (await plainNetwork({ driver, book }, [...IPv4Data, ...IPv6Data], options, Options));
  if (made.span.driver !== driver.name)
    throw new BerthError(
      'bad_request',
      `network ${made.id} is of driver ${made.span.driver}, not ${driver.name}`,
    );
  await book.bind(made.id, NetworkID);
  try {
    await driver.ensure(hosted(made, NetworkID));
  } catch (thrown) {
    logger.warn({ network: made.id, error: messageOf(thrown) }, 'network not made');
    await driver.remove(hosted(made, NetworkID)).catch(() => {});
    await book.unbind(NetworkID);
    throw thrown;
  }
  return {};
}

/** Made with plain docker on this host: the manager gives it a place in the cluster, so that it clashes with no other. */
async function plainNetwork(
  { driver, book }: Pick<Deps, 'driver' | 'book'>,
  data: readonly IpamData[],
  options: Readonly<Record<string, string>>,
  all: Readonly<Record<string, unknown>>,
): Promise<BookedNetwork> {
  const unbound = [...book.plainPools()].filter(([, { network }]) => network === undefined);
  // libnetwork names the pool that it has requested by its subnet alone; the newest is the one.
  const requested = data.map(({ Pool: subnet }) =>
    unbound.findLast(([, { pool }]) => pool.subnet === subnet),
  );
  const pools = data.map((one, at) => ({ ...requested[at]?.[1].pool, ...poolOfData(one) }));
  const internal = all[OPTION_INTERNAL] === true;
  const made = await book.newNetwork({ driver: driver.name, pools, options, internal });
  for (const [at, entry] of requested.entries()) {
    const pool = made.span.pools[at] ?? pools[at];
    if (entry !== undefined && pool !== undefined) book.setPlainPool(entry[0], { pool, network: made.id });
  }
  return made;
}

async function createEndpoint(
  { book }: Deps,
  { NetworkID, EndpointID, Interface }: ReturnType<typeof createEndpointSchema.parse>,
): Promise<object> {
  const network = required(book, NetworkID);
  const ips = [Interface?.Address, Interface?.AddressIPv6].map((address) => address?.split('/')[0]);
  const [ipv4, ipv6] = ips;
  const first = ipv4 ?? ipv6;
  if (first === undefined)
    throw new BerthError('bad_request', 'the engine has given the endpoint no address', {
      hint: 'a network of this driver needs an IPAM driver other than "null"',
    });
  for (const ip of ips) if (ip !== undefined) await ensureTaken(book, network, ip, EndpointID);
  const mac =
    Interface?.MacAddress ??
    book.addressOf(network.id, first)?.mac ??
    book.lease(network.id, first)?.mac ??
    macOf(parsedIp(first));
  const endpoint: Endpoint = {
    mac,
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
  };
  book.setEndpoint(EndpointID, { engineNetwork: NetworkID, endpoint });
  // What the engine has given itself must not be answered.
  return Interface?.MacAddress === undefined ? { Interface: { MacAddress: mac } } : {};
}

/** The engine's own IPAM chose it (`docker network create` without --ipam-driver): it may be somebody's on another host. */
async function ensureTaken(
  book: HostBook,
  network: BookedNetwork,
  ip: string,
  endpointId: string,
): Promise<void> {
  if (book.addressOf(network.id, ip) !== undefined || book.lease(network.id, ip) !== undefined) return;
  const subnet = network.span.pools.find((pool) => pool.subnet.includes(':') === ip.includes(':'))?.subnet;
  await book.takeAddress({ network: network.id, subnet: subnet ?? '', ip, endpointId });
}

function required(book: HostBook, engineId: string): BookedNetwork {
  const network = book.networkOfEngine(engineId);
  if (network !== undefined) return network;
  throw new BerthError('not_found', `the agent does not know the engine's network ${engineId.slice(0, 12)}`, {
    hint: 'remove it with "docker network rm" on this host; it is made again where a container needs it',
  });
}

function hosted({ id, span }: BookedNetwork, engineId: string): HostNetwork {
  return { id, engineId, span };
}

function generic(options: unknown): Record<string, string> {
  if (typeof options !== 'object' || options === null) return {};
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));
}

function poolOfData({ Pool: subnet, Gateway, AuxAddresses }: IpamData): Pool {
  const bare = (address: unknown) => String(address).split('/')[0] ?? '';
  const aux = Object.entries(AuxAddresses).map(([name, address]) => [name, bare(address)] as const);
  return {
    subnet,
    ...(Gateway === undefined ? {} : { gateway: bare(Gateway) }),
    ...(aux.length === 0 ? {} : { aux: Object.fromEntries(aux) }),
  };
}

function answerOf({ srcName, dstPrefix, gateway, gatewayIPv6, routes = [] }: Joined): object {
  return {
    InterfaceName: { SrcName: srcName, DstPrefix: dstPrefix },
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(gatewayIPv6 === undefined ? {} : { GatewayIPv6: gatewayIPv6 }),
    StaticRoutes: routes.map(({ destination, nextHop }) => ({
      Destination: destination,
      RouteType: nextHop === undefined ? CONNECTED : NEXT_HOP,
      ...(nextHop === undefined ? {} : { NextHop: nextHop }),
    })),
  };
}

function parsedIp(text: string) {
  const ip = parseIp(text);
  if (ip !== undefined) return ip;
  throw new BerthError('bad_request', `the engine has given "${text.slice(0, 80)}", which is no address`);
}
