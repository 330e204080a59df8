import type { ContainerView } from '../../../src/contract/v1/containers.ts';

type ContainerCounts = Readonly<{
  /** Made through the cluster: what is counted wherever one number stands for all. */
  own: number;
  /** Made on hosts, by plain docker. */
  plain: number;
  /** Routers, which Berth makes. */
  routers: number;
}>;

/** Containers by who has made them. */
export function containerCounts(
  containers: readonly Pick<ContainerView, 'managed' | 'router'>[],
): ContainerCounts {
  let own = 0;
  let routers = 0;
  for (const { managed, router } of containers) {
    if (managed) own++;
    else if (router === true) routers++;
  }
  return { own, routers, plain: containers.length - own - routers };
}
