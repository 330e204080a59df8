import type { Joined } from '../driver.ts';

type Route = NonNullable<Joined['routes']>[number];

/**
 * The kernel takes one route for a destination, and each network of a container brings the one to where names are answered.
 * A further one gets a shorter prefix: the longest counts, and where its network is disconnected the next takes its place.
 * Subnets (shorter than a whole address) stay as they are, and are left out where they are there already.
 * @param taken destinations of the routes that other networks have brought into the same container
 */
export function roomFor(routes: readonly Route[], taken: readonly string[]): Route[] {
  const used = new Set(taken);
  return routes.flatMap((route) => {
    const destination = route.destination.endsWith('/32')
      ? widened(route.destination, used)
      : used.has(route.destination)
        ? undefined
        : route.destination;
    if (destination === undefined) return [];
    used.add(destination);
    return [{ ...route, destination }];
  });
}

/** Of IPv4; down to /16, which is all of the link-local range that such an address is from. */
function widened(destination: string, used: ReadonlySet<string>): string | undefined {
  const bytes = (destination.split('/')[0] ?? '').split('.').map(Number);
  const address = bytes.reduce((number, byte) => number * 256 + byte, 0);
  for (let length = 32; length >= 16; length--) {
    const size = 2 ** (32 - length);
    const start = Math.floor(address / size) * size;
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    const candidate = `${octets.join('.')}/${length}`;
    if (!used.has(candidate)) return candidate;
  }
  return undefined;
}
