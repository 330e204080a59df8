import type { ServiceSpec } from './use-service.ts';

type Limits = Readonly<{
  /** Fewest containers that its rules leave; 0 stops it all the same. */
  least: number;
  /** Most containers that it can have. */
  most: number;
  /** Where a slider for it ends: far enough for what is usual, near enough to be set by hand. */
  farthest: number;
}>;

const MOST = 10_000;

/** Between which numbers of containers a person may choose. */
export function limitsOf(
  { scale, naming, identity }: Pick<ServiceSpec, 'scale' | 'naming' | 'identity'>,
  scaling: Readonly<{ min: number; max: number }> | undefined,
): Limits {
  const addresses = Object.values(identity.ips).map((ips) => ips.length);
  const own = Math.min(MOST, naming.kind === 'fixed' ? 1 : MOST, ...addresses);
  const most = scaling === undefined ? own : Math.min(own, scaling.max);
  const usual = Math.max(10, scale.kind === 'replicated' ? scale.replicas * 3 : 0);
  return { least: scaling?.min ?? 0, most, farthest: scaling === undefined ? Math.min(usual, most) : most };
}
