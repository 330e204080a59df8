import type { ServiceView } from './v1/services.ts';

/**
 * How many of its containers are ready, of those that are wanted. While two versions are up these are of the new one, and `before` is
 * how many are ready of those that are to go; 0 where there is one version.
 */
export function readiness({ ready, current, wanted }: Pick<ServiceView, 'ready' | 'current' | 'wanted'>) {
  const before = Math.max(0, ready - current);
  return { n: Math.min(before > 0 ? current : ready, wanted), all: wanted, before };
}
