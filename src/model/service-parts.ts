import { digestOf } from '../kit/digest.ts';
import type { Service } from './service.ts';

const known = new WeakMap<Service, string>();

/** Digest of all of a service that its containers are made from. */
export function containerDigest(service: Service): string {
  const kept = known.get(service);
  if (kept !== undefined) return kept;
  const { container, platform, identity, naming, runs, scale, readiness, liveness } = service;
  const parts = { container, platform, identity, naming, runs, mode: scale.kind, readiness, liveness };
  const digest = digestOf(parts);
  known.set(service, digest);
  return digest;
}

/** False where only numbers and policies are other ones: containers stay as they are. */
export function needsRelease(before: Service, after: Service): boolean {
  return containerDigest(before) !== containerDigest(after);
}
