import { digestOf } from '../kit/digest.ts';
import type { ContainerFile } from './kept-file.ts';
import type { Service } from './service.ts';

/** Ports of the containers that the router reaches: each gets a port of its host, whichever is free. */
export function routedPorts({ routes, listeners }: Pick<Service, 'routes' | 'listeners'>): readonly number[] {
  const all = [...routes, ...listeners.filter(({ protocol }) => protocol !== 'udp')].map(({ port }) => port);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** The service's configs and secrets as its containers have them; those that the cluster does not keep are left out. */
export function containerFiles({ files }: Pick<Service, 'files'>): readonly ContainerFile[] {
  return files.flatMap(({ kind, target, uid, gid, mode, file }) =>
    file === undefined ? [] : [{ noun: kind, ...file, target, uid, gid, mode }],
  );
}

const known = new WeakMap<Service, string>();

/** Digest of all of a service that its containers are made from. */
export function containerDigest(service: Service): string {
  const kept = known.get(service);
  if (kept !== undefined) return kept;
  const { container, platform, identity, naming, runs, scale, readiness, liveness, files } = service;
  const ports = routedPorts(service);
  const parts = {
    ...{ container, platform, identity, naming, runs, mode: scale.kind, readiness, liveness },
    ...(ports.length === 0 ? {} : { ports }),
    ...(files.length === 0 ? {} : { files }),
  };
  const digest = digestOf(parts);
  known.set(service, digest);
  return digest;
}

/** False where only numbers and policies are other ones: containers stay as they are. */
export function needsRelease(before: Service, after: Service): boolean {
  return containerDigest(before) !== containerDigest(after);
}
