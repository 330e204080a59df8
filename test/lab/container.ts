import type { Endpoint } from '../../src/model/span.ts';
import type { Joined } from '../../src/network/driver.ts';

/** Runs a program on the host. @throws where it fails */
type Exec = (argv: readonly string[]) => Promise<unknown>;

/**
 * What an engine does with the interface that a driver has made, with a namespace that stands for the container: it is moved,
 * renamed and given the addresses.
 */
export async function putInto(
  exec: Exec,
  container: string,
  joined: Joined,
  endpoint: Endpoint,
): Promise<void> {
  const inside = (...argv: string[]) => exec(['ip', '-n', container, ...argv]);
  await exec(['ip', 'netns', 'add', container]);
  await exec(['ip', 'link', 'set', 'dev', joined.srcName, 'netns', container, 'name', 'eth0']);
  await inside('link', 'set', 'dev', 'lo', 'up');
  if (endpoint.ipv4 !== undefined) await inside('address', 'add', `${endpoint.ipv4}/24`, 'dev', 'eth0');
  if (endpoint.ipv6 !== undefined)
    await inside('address', 'add', `${endpoint.ipv6}/64`, 'dev', 'eth0', 'nodad');
  await inside('link', 'set', 'dev', 'eth0', 'up');
  if (joined.gateway !== undefined) await inside('route', 'add', 'default', 'via', joined.gateway);
  for (const { destination } of joined.routes ?? []) await inside('route', 'add', destination, 'dev', 'eth0');
}

/** As an engine does: the interface comes back to the host, where process 1 is; the driver is to hear of it next. */
export async function takeOut(exec: Exec, container: string, joined: Joined): Promise<void> {
  await exec(['ip', '-n', container, 'link', 'set', 'dev', 'eth0', 'netns', '1', 'name', joined.srcName]);
  await exec(['ip', 'netns', 'delete', container]);
}
