import { randomBytes } from 'node:crypto';
import { BerthError } from '../../kit/errors.ts';
import { formatIp, parseSubnet, usable } from '../../model/ip.ts';
import { isIn } from '../../model/is-in.ts';
import type { Pool, Span } from '../../model/span.ts';
import type { HostBook } from './host-book.ts';
import type { Handlers } from './plugin-server.ts';
import { PLAIN_PREFIX, poolOf } from './pool-id.ts';
import {
  DATA_GATEWAY,
  OPTION_ADDRESS_TYPE,
  OPTION_NETWORK,
  poolSchema,
  releaseAddressSchema,
  requestAddressSchema,
  requestPoolSchema,
  TYPE_GATEWAY,
} from './requests.ts';

/**
 * libnetwork's IpamDriver. Addresses are the manager's: of a container of the cluster they stand in its assignment on this
 * host's disk, for any other the manager is asked.
 */
export function ipamHandlers(book: HostBook): Handlers {
  return {
    // Replay would bring each address again at the engine's start: they are on the disk.
    'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    'IpamDriver.GetDefaultAddressSpaces': () => ({
      LocalDefaultAddressSpace: 'berth-local',
      GlobalDefaultAddressSpace: 'berth-global',
    }),

    'IpamDriver.RequestPool': (body) => {
      const { Pool: subnet, SubPool, Options, V6 } = requestPoolSchema.parse(body);
      const id = Options[OPTION_NETWORK];
      if (id !== undefined) {
        const pool = poolIn(networkOf(book, id).span, subnet, V6, id);
        return { PoolID: `${id}/${pool.subnet}`, Pool: pool.subnet, Data: dataOf(pool) };
      }
      if (subnet === undefined)
        throw new BerthError('bad_request', 'a network with addresses of the cluster needs a subnet', {
          hint: 'give one with --subnet, or make the network through the cluster, which chooses one',
        });
      const key = `${PLAIN_PREFIX}${randomBytes(6).toString('hex')}`;
      book.setPlainPool(key, { pool: { subnet, ...(SubPool === undefined ? {} : { range: SubPool }) } });
      return { PoolID: `${key}/${subnet}`, Pool: subnet, Data: {} };
    },

    'IpamDriver.ReleasePool': (body) => {
      const { PoolID } = poolSchema.parse(body);
      book.setPlainPool(PoolID.split('/')[0] ?? '', undefined);
      return {};
    },

    'IpamDriver.RequestAddress': async (body) => {
      const { PoolID, Address: ip, Options } = requestAddressSchema.parse(body);
      const { pool, network } = poolOf(book, PoolID);
      if (ip !== undefined && !isIn(pool.subnet, ip))
        throw new BerthError('bad_request', `${ip} is not in ${pool.subnet}`);
      const gateway = Options[OPTION_ADDRESS_TYPE] === TYPE_GATEWAY;
      const given = gateway ? gatewayOf(pool, ip) : await containersAddress(book, network, pool, ip);
      return { Address: given === undefined ? '' : `${given}/${prefixLength(pool.subnet)}`, Data: {} };
    },

    'IpamDriver.ReleaseAddress': (body) => {
      const { PoolID, Address } = releaseAddressSchema.parse(body);
      const at = PoolID.indexOf('/');
      const key = PoolID.slice(0, at);
      const network = book.plainPool(key)?.network ?? key;
      const lease = book.lease(network, Address);
      if (lease !== undefined) book.giveBack(lease);
      return {};
    },
  };
}

function networkOf(book: HostBook, id: string) {
  const network = book.network(id);
  if (network !== undefined) return network;
  throw new BerthError('not_found', `this host has not been told of network ${id.slice(0, 80)}`, {
    hint: `the option ${OPTION_NETWORK} is for the agent's own use: make networks through the cluster`,
  });
}

function poolIn({ pools }: Span, subnet: string | undefined, v6: boolean, id: string): Pool {
  const found = pools.find((pool) =>
    subnet === undefined ? pool.subnet.includes(':') === v6 : pool.subnet === subnet,
  );
  if (found !== undefined) return found;
  const has = pools.map((pool) => pool.subnet).join(', ');
  throw new BerthError('bad_request', `network ${id} has no subnet ${subnet ?? ''}: its subnets are ${has}`);
}

function dataOf({ gateway, subnet }: Pool): Record<string, string> {
  return gateway === undefined ? {} : { [DATA_GATEWAY]: `${gateway}/${prefixLength(subnet)}` };
}

/** One that a container of the cluster has, or that is the network's own, needs nobody's word. */
async function containersAddress(
  book: HostBook,
  network: string | undefined,
  { subnet, aux }: Pool,
  ip: string | undefined,
): Promise<string> {
  if (ip !== undefined) {
    // Of a network that is being made with plain docker only its own addresses are requested.
    if (network === undefined || Object.values(aux ?? {}).includes(ip)) return ip;
    if (book.addressOf(network, ip) !== undefined || book.lease(network, ip) !== undefined) return ip;
  }
  if (network === undefined) throw new BerthError('conflict', 'the network of this pool is not made yet');
  const lease = await book.takeAddress({ network, subnet, ...(ip === undefined ? {} : { ip }) });
  return lease.ip;
}

/** Of a network of the cluster it is the manager's; of a plain one the first address of its range, as in Docker. */
function gatewayOf({ gateway, subnet, range }: Pool, asked: string | undefined): string | undefined {
  if (gateway !== undefined && asked !== undefined && asked !== gateway)
    throw new BerthError('bad_request', `the gateway of ${subnet} is ${gateway}, not ${asked}`);
  return asked ?? gateway ?? firstAddress(range ?? subnet);
}

function firstAddress(text: string): string | undefined {
  const subnet = parseSubnet(text);
  return subnet && formatIp({ family: subnet.family, value: usable(subnet).lowest });
}

/** `24` of `10.0.0.0/24`. */
function prefixLength(subnet: string): string {
  return subnet.split('/')[1] ?? '';
}
