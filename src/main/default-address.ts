import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** An engine's bridges lead to containers, not to other machines. */
const ENGINE_BRIDGE = /^(docker|br-|veth)/;
/** RFC 4291, 2.5.6: these mean nothing without the name of an interface. */
const LINK_LOCAL = /^fe80:/i;

/** The address under which other machines most likely reach this one: that of the default route's interface. */
export function defaultAddress(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>> = networkInterfaces(),
  routes: string = readRoutes(),
): string {
  const outward = (entries: readonly NetworkInterfaceInfo[] | undefined) =>
    entries?.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const first = Object.entries(interfaces)
    .filter(([name]) => !ENGINE_BRIDGE.test(name))
    .map(([, entries]) => outward(entries))
    .find((address) => address !== undefined);
  return outward(interfaces[defaultInterface(routes) ?? '']) ?? first ?? '127.0.0.1';
}

/** All addresses at which other machines may reach this one: they go into the manager's certificate. */
export function ownAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>> = networkInterfaces(),
): string[] {
  return Object.entries(interfaces)
    .filter(([name]) => !ENGINE_BRIDGE.test(name))
    .flatMap(([, entries]) => entries ?? [])
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address))
    .map(({ address }) => address);
}

/** Whether a connection from there comes from this machine; an IPv4 address may come as IPv6 writes it (RFC 4291, 2.5.5.2). */
export function isOwnAddress(
  address: string,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>> = networkInterfaces(),
): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return Object.values(interfaces).some((entries) => entries?.some((entry) => entry.address === plain));
}

/** proc(5), /proc/net/route: interface, destination, … in hexadecimal; the default route's destination is zero. */
function defaultInterface(routes: string): string | undefined {
  return routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .find((columns) => columns[1] === '00000000')?.[0];
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}
