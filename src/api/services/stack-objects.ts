import { messageOf } from '../../kit/errors.ts';
import { newLongId } from '../../kit/ids.ts';
import { networkNames } from '../../model/network-names.ts';
import { say } from '../../model/said/index.ts';
import type { Service } from '../../model/service.ts';
import type { Stack, StackNetwork, StackVolume } from '../../model/stack.ts';
import { volumeNames } from '../../model/volume-names.ts';
import { isOnEachHost } from '../../model/volume-span.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { createSchema, spanRequestOf } from '../docker/networks/create-body.ts';
import { isLeftOver } from '../docker/networks/find-network.ts';
import { spanDriverOf } from '../docker/networks/span-driver.ts';
import { makeSpanning } from '../networks/make-network.ts';

export type ObjectsFor = Readonly<{
  stack: Stack;
  service: Service;
  by: string;
  /** Milliseconds since the epoch. */
  at: number;
}>;

/**
 * Makes the networks and volumes of the stack that the service uses and that are not there yet.
 * @returns why one of them cannot be had, in one line
 */
export function ensureObjects(tx: WriteTx, wanted: ObjectsFor): string | undefined {
  const { stack, service } = wanted;
  const networks = new Set(networkNames(service.container));
  const volumes = new Set(volumeNames(service.container));
  for (const network of stack.networks) {
    if (!networks.has(network.spec.Name)) continue;
    const reason = ensureNetwork(tx, network, wanted);
    if (reason !== undefined) return reason;
  }
  for (const volume of stack.volumes) {
    if (!volumes.has(volume.spec.Name ?? volume.key)) continue;
    const reason = ensureVolume(tx, volume, wanted, isOnEachHost(stack, volume));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function ensureNetwork(
  tx: WriteTx,
  { external, spec, key }: StackNetwork,
  { by, at }: ObjectsFor,
): string | undefined {
  const name = spec.Name;
  const [known] = tx.by('networks', 'name', name);
  if (known !== undefined || isOnHosts(tx, name)) return undefined;
  if (external) return say('services.network.external', { name, same: name, key });
  const body = createSchema.safeParse(spec);
  const fails = (reason: string) => say('services.network.fails', { name, reason });
  if (!body.success) return fails(body.error.issues[0]?.message ?? 'not valid');
  try {
    const base = { kind: 'network', id: newLongId(), name, createdAt: at, createdBy: by, spec } as const;
    const driver = spanDriverOf(tx, body.data);
    if (driver === undefined) tx.put('networks', base);
    else makeSpanning(tx, driver, spanRequestOf(body.data, driver.name), base);
    return undefined;
  } catch (thrown) {
    return fails(messageOf(thrown));
  }
}

/** One that was made on a host, past the cluster. */
function isOnHosts(tx: ReadTx, name: string): boolean {
  return [...tx.by('observedNetworks', 'name', name)].some((seen) => !isLeftOver(tx, seen));
}

function ensureVolume(
  tx: WriteTx,
  { external, spec, key }: StackVolume,
  { by, at }: ObjectsFor,
  onEachHost: boolean,
): string | undefined {
  const name = spec.Name ?? key;
  const [seen] = tx.by('observedVolumes', 'name', name);
  if (tx.get('volumes', name) !== undefined || seen !== undefined) return undefined;
  if (external) return say('services.volume.external', { name, same: name, key });
  tx.put('volumes', {
    ...{ kind: 'volume', name, createdAt: at, createdBy: by, spec: { ...spec, Name: name } },
    ...(onEachHost ? { onEachHost } : {}),
  });
  return undefined;
}
