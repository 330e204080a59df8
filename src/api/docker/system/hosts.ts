import type { ServerResponse } from 'node:http';
import { BerthError } from '../../../kit/errors.ts';
import type { DockerCall } from '../call.ts';
import { type HostRef, hostsOf } from '../fanout.ts';

/** Connected hosts, those whose engine answers before those that are doubtful; else sorted by name. */
export function reachableHosts(call: Pick<DockerCall, 'deps'>): HostRef[] {
  const hosts = hostsOf(call, 'connected');
  const doubtful = call.deps.store.view(
    (tx) => new Set(hosts.filter(({ id }) => (tx.get('hostStatus', id)?.state ?? 'ready') !== 'ready')),
  );
  return [...hosts.filter((host) => !doubtful.has(host)), ...doubtful];
}

/** Hosts of the cluster that cannot be asked now, one sentence each, for Docker's lists of warnings. */
export function unreachableWarnings(call: Pick<DockerCall, 'deps'>): string[] {
  const { store, engines } = call.deps;
  return hostsOf(call, 'all')
    .filter(({ id }) => !engines.connected(id))
    .map(({ id, name }) => {
      const reason = store.view((tx) => tx.get('hostStatus', id)?.reason) || 'not connected';
      return `host ${name}: ${reason}; what is shown of it is what was last seen`;
    });
}

/**
 * Does what any host can do on the first that is reachable; one that goes away is passed over.
 * @throws BerthError `host_down` where none is left; whatever `action` throws otherwise
 */
export async function onAnyHost<T>(
  call: Pick<DockerCall, 'deps'>,
  action: (host: HostRef) => Promise<T>,
): Promise<T> {
  let lost: unknown;
  for (const host of reachableHosts(call)) {
    try {
      return await action(host);
    } catch (thrown) {
      if (!(thrown instanceof BerthError && thrown.code === 'host_down')) throw thrown;
      lost = thrown;
    }
  }
  throw lost ?? noHost();
}

/** No host is connected: what nearly every request fails with then. */
export function noHost(): BerthError {
  return new BerthError('host_down', 'no host of the cluster is connected', {
    hint: 'see "berth node ls"; "berth up" on this machine or "berth agent" on another brings one',
  });
}

/**
 * Puts warnings where Docker's answer has no field for them: into `Warning` headers (RFC 7234, section 5.5, code 299),
 * which clients ignore and `curl -i` shows. Must come before the head is sent.
 */
export function addWarnings(res: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  // A header is one line of latin1: anything else in an engine's text would make Node refuse it.
  const quoted = warnings.slice(0, 20).map((text) => {
    const plain = text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, "'");
    return `299 berth "${plain.slice(0, 300)}"`;
  });
  res.setHeader('Warning', quoted);
}
