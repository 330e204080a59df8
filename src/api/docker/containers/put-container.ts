import { BerthError } from '../../../kit/errors.ts';
import { newLongId } from '../../../kit/ids.ts';
import type { Container, Desired, DockerSpec } from '../../../model/container.ts';
import type { ContainerFile } from '../../../model/kept-file.ts';
import type { ReadTx, WriteTx } from '../../../store/store.ts';
import { giveBackOf } from '../../networks/give-back.ts';
import { takeAddresses } from '../../networks/spanning.ts';
import type { Placer } from '../../placement/placer.ts';
import { isGivenUp } from './find.ts';
import { type Pins, pinObjects, releasePins } from './pins.ts';
import { randomName } from './random-name.ts';
import { resolveReferences } from './spec-refs.ts';

/** What a container's record is made from. */
export type NewContainer = Readonly<{
  /** A random one where it is empty. */
  name: string;
  /** Without expressions in `Env`. */
  spec: DockerSpec;
  platform: string | undefined;
  apiVersion: string;
  by: string;
  at: number;
  /** What it is to do at once. */
  desired: Pick<Desired, 'state' | 'starts'>;
  service?: Container['service'];
  probes?: Container['probes'];
  files?: readonly ContainerFile[];
}>;

export type Places = Readonly<{ placer: Pick<Placer, 'place'>; connected(hostId: string): boolean }>;

/**
 * Checks the name, chooses a host, ties what is local to it, takes addresses and writes the record: in one transaction, so
 * of two who want the same name, or the last room, one is refused.
 * @throws BerthError `conflict` for a name in use or an address; `not_found`, `no_room`, `bad_request`
 */
export function putContainer(
  tx: WriteTx,
  { placer, connected }: Places,
  asked: NewContainer,
): Readonly<{ container: Container; pins: Pins }> {
  const { platform, apiVersion, by, at, service, probes, files = [] } = asked;
  const name = asked.name || randomName((one) => holderOf(tx, one, connected) !== undefined);
  refuseTakenName(tx, name, connected);
  const { spec, hosts } = resolveReferences(tx, asked.spec, connected);
  const wanted = hosts.map((host) => `constraint:node==${host}`);
  const { hostId } = placer.place(tx, {
    name,
    spec: wanted.length === 0 ? spec : { ...spec, Env: [...(spec.Env ?? []), ...wanted] },
  });
  const pins = pinObjects(tx, spec, hostId, by, at);
  const container: Container = {
    kind: 'container',
    id: newLongId(),
    ...{ name, createdAt: at, createdBy: by, apiVersion },
    desired: { generation: 1, spec, platform, ...asked.desired },
    assigned: { hostId, at },
    ...(service === undefined ? {} : { service }),
    ...(probes === undefined ? {} : { probes }),
    ...(files.length === 0 ? {} : { files: [...files] }),
  };
  try {
    takeAddresses(tx, container, at);
  } catch (thrown) {
    // Whoever goes on with the transaction is to find nothing of it.
    giveBackOf(tx, container, at);
    releasePins(tx, pins);
    throw thrown;
  }
  tx.put('containers', container);
  return { container, pins };
}

/** @throws BerthError `conflict` in Docker's words (moby: daemon/names.go) */
export function refuseTakenName(tx: ReadTx, name: string, connected: (hostId: string) => boolean): void {
  const holder = holderOf(tx, name, connected);
  if (holder === undefined) return;
  throw new BerthError(
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

/** ID of the container that has the name: the cluster's own ones, and those that Berth only shows. */
function holderOf(tx: ReadTx, name: string, connected: (hostId: string) => boolean): string | undefined {
  for (const record of tx.by('containers', 'name', name)) if (!isGivenUp(record, connected)) return record.id;
  for (const seen of tx.by('observedContainers', 'name', name)) {
    if (seen.clusterId === undefined) return seen.engineId;
  }
  return undefined;
}
