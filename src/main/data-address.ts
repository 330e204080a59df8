import { type LookupAddress, promises } from 'node:dns';
import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { normalIp } from '../model/ip.ts';
import { defaultAddress } from './default-address.ts';

/** A machine's own name often leads to 127.0.1.1 on itself; RFC 4291, 2.5.6: link-local ones need an interface. */
const NOBODY_ELSES = /^(127\.|169\.254\.|::1$|fe80:)/i;

type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/**
 * The address at which other hosts send to this one: as given, or what the given name leads to, IPv4 first; that of the
 * default route where there is none. Never a name: the kernel's neighbour tables have none.
 */
export async function dataAddressOf(
  given: string | undefined,
  logger: Logger,
  lookup: Lookup = (name) => promises.lookup(name, { all: true }),
  fallback: () => string = defaultAddress,
): Promise<string> {
  if (given === undefined) return fallback();
  const ip = normalIp(given);
  if (ip !== undefined) return ip;
  let reason = 'it leads to this machine only';
  try {
    const found = (await lookup(given)).filter(({ address }) => !NOBODY_ELSES.test(address));
    const best = found.find(({ family }) => family === 4) ?? found[0];
    const address = best && normalIp(best.address);
    if (address !== undefined) return address;
  } catch (thrown) {
    reason = messageOf(thrown);
  }
  const address = fallback();
  logger.warn({ given, address, reason }, 'no address of that name: other hosts are told the default one');
  return address;
}
