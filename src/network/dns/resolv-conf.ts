import { isIP } from 'node:net';
import { NAMES_ADDRESS } from '../names-address.ts';

/** What a resolver asks at most, of all servers that are listed (resolv.conf(5), MAXNS). */
const MAX_SERVERS = 3;

/** Addresses that are never a way out: Docker's own resolver within containers, and ours. */
const NEVER: ReadonlySet<string> = new Set(['127.0.0.11', NAMES_ADDRESS, '0.0.0.0', '::']);

/** Name servers of a `resolv.conf`, in order, at most three; without what cannot be one of a host. */
export function nameservers(text: string): string[] {
  return serversOf(text, isServer);
}

/** As `nameservers`, of a container's file: Docker's own resolver is one of those. */
export function containerServers(text: string): string[] {
  return serversOf(text, (address) => isIP(address) !== 0);
}

function serversOf(text: string, isOne: (address: string) => boolean): string[] {
  const found = text.split('\n').flatMap((line) => {
    const address = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
    return address !== undefined && isOne(address) ? [address] : [];
  });
  return [...new Set(found)].slice(0, MAX_SERVERS);
}

/** True for an IP address that questions may be sent to; a zone (`fe80::1%eth0`) may be in it. */
export function isServer(address: string): boolean {
  return isIP(address) !== 0 && !NEVER.has(address);
}

/** Those that a container can reach as well: a loopback address would be its own. */
export function reachableFromContainers(servers: readonly string[]): string[] {
  return servers.filter((address) => !/^(127\.|::1$|::ffff:127\.)/.test(address) && !address.includes('%'));
}
