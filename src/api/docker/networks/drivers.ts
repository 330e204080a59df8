import { BerthError, messageOf } from '../../../kit/errors.ts';
import { linkedSignal } from '../../../kit/linked-signal.ts';
import type { EngineCall } from '../call.ts';
import { askJson, enginePath } from '../passthrough.ts';
import { reachableHosts } from '../system/hosts.ts';

/** In every engine. */
const BUILT_IN: ReadonlySet<string> = new Set(['', 'default', 'bridge', 'macvlan', 'ipvlan']);
/** An engine looks for a plugin for 15 s before it gives up. */
const LOOKUP_MS = 20_000;
/** No network has this name: see below. */
const NO_NETWORK = 'berth-does-this-driver-exist';

/**
 * Refuses a driver that no connected host has, in the engine's words. An engine resolves the driver of a new network
 * before it looks for the network that `ConfigFrom` names (libnetwork: controller.go, NewNetwork): so asking for one
 * with a `ConfigFrom` that does not exist tells whether the driver does, and makes nothing.
 * Where no host is connected the driver is taken at its word, and shows when the network is placed.
 * @throws BerthError `engine` with the engine's own words; `unsupported`
 */
export async function checkDriver(call: EngineCall, driver: string): Promise<void> {
  if (BUILT_IN.has(driver)) return;
  if (driver === 'host' || driver === 'null') {
    throw new BerthError('forbidden', `only one instance of "${driver}" network is allowed`);
  }
  if (driver === 'overlay') {
    throw new BerthError(
      'unsupported',
      'network driver "overlay" is the cluster’s own here, which no host has; Docker’s needs its swarm mode',
      {
        hint: 'use "bridge", or see "berth node ls" for what the hosts lack',
      },
    );
  }
  const hosts = reachableHosts(call);
  if (hosts.length === 0) return;
  const lookup = linkedSignal([call.signal], LOOKUP_MS);
  try {
    await Promise.any(hosts.map((host) => hasDriver(call, host.id, driver, lookup.signal)));
  } catch (thrown) {
    call.signal.throwIfAborted();
    const errors: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    const refusal = errors.find((error) => error instanceof BerthError && error.code === 'engine');
    // Hosts that were lost on the way say nothing about the driver.
    if (refusal !== undefined) throw refusal;
  } finally {
    lookup.fire(new Error('one host is enough'));
  }
}

/** @throws the engine's refusal where it does not have the driver */
async function hasDriver(
  call: EngineCall,
  hostId: string,
  driver: string,
  signal: AbortSignal,
): Promise<void> {
  const json = { Name: NO_NETWORK, Driver: driver, ConfigFrom: { Network: NO_NETWORK } };
  try {
    await askJson(call, hostId, { method: 'POST', path: enginePath(call, '/networks/create'), json, signal });
  } catch (thrown) {
    const missing =
      thrown instanceof BerthError && thrown.code === 'engine' && messageOf(thrown).includes('plugin');
    if (missing || !(thrown instanceof BerthError && thrown.code === 'engine')) throw thrown;
    // Any other refusal came after the driver was found.
  }
}
